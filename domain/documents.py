"""JSON documents that users bring: read strictly, and told everything that is wrong with them at once."""

import difflib
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_serializer
from pydantic_core import ErrorDetails, PydanticCustomError

from domain import texts
from domain.currencies import ISO_4217

Whole = TypeVar("Whole", bound=BaseModel)
JsonObject = dict[str, Any]
"""A document as JSON has it, before a type of ours says more."""

_VALUE_LENGTH = 80
_MESSAGE_LENGTH = 300
MAX_DEPTH = 64
MAX_VALUES = 2_000_000
MAX_KEY_CHARS = 1_000
MAX_TOLD = 1_000
"""Problems of a document that are told; the others are counted."""
_YEARS = range(1900, 2401)
MAX_RATE = 10.0


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where (`curves[0].nodes[1].rate`), what stands there, and what to do about it."""

    path: str
    code: str
    value: str
    message: str
    fix: str


class InvalidDocument(ValueError):
    """A document that cannot be used; `problems` lists the first MAX_TOLD in the document's order, `total` counts."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = list(problems)
        self.total = len(found)
        self.problems = found[:MAX_TOLD]
        super().__init__("; ".join(f"{each.path}: {each.message}" for each in self.problems))


class Part(BaseModel):
    """A piece of a document: immutable, a misspelt field is an error, an absent field is not written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_serializer(mode="wrap")
    def _without_absent_fields(self, handler: Any) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}


def read_json(raw: bytes | str) -> tuple[Any, list[Problem]]:
    """The document's content, and what JSON or the gate for texts forbids: bad syntax, repeated keys, NaN and Infinity,
    control characters. None where it is no document at all, or one beyond the limits."""
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw.removeprefix("\ufeff")
        if problem := _too_much(text):
            return None, [problem]
        content = json.loads(text, object_pairs_hook=_object)
    except UnicodeDecodeError as error:
        return None, [Problem("$", "NOT_UTF8", "", f"byte {error.start} is not UTF-8", "save the file as UTF-8")]
    except RecursionError:
        return None, [_too_deep("$")]
    except ValueError as error:
        return None, [Problem("$", "NOT_JSON", "", f"this is not JSON: {error}", "correct the syntax there")]
    problems, usable = _json_problems(content)
    return (content if usable else None), problems


def parse_document(
    raw: bytes | str,
    whole: type[Whole],
    invalid: type[InvalidDocument],
    further: Callable[[Whole], Iterable[Problem]] = lambda _document: (),
) -> Whole:
    """A document of type `whole`; raises `invalid` with everything that is wrong, `further` of what is well formed."""
    content, problems = read_json(raw)
    if content is None and problems:
        raise invalid(problems)
    try:
        document = whole.model_validate(content)
    except ValidationError as error:
        raise invalid(merged(problems, structure_problems(error, content, "", whole))) from error
    if problems := merged(problems, further(document)):
        raise invalid(problems)
    return document


def structure_problems(
    error: ValidationError, content: Any, prefix: str = "", whole: Any = None, before: int = 0
) -> list[Problem]:
    """What pydantic found, with paths as a reader of the document would write them.

    `whole` is the document's type: an unknown field is told with the nearest that the type has there, while there are
    fewer problems than are told, `before` of them already.
    """
    return [
        _structure_problem(each, content, prefix, whole if place < MAX_TOLD else None)
        for place, each in enumerate(error.errors(include_url=False), start=before)
    ]


def unknown_field(path: str, name: str, known: Iterable[str]) -> Problem:
    """A field that nothing reads."""
    return Problem(path, "UNKNOWN_FIELD", shown(name), f"there is no field {shown(name)!r} here", _instead(name, known))


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is closest to one that is not, whatever its case."""
    by_folded = {each.casefold(): each for each in sorted(known)}
    close = difflib.get_close_matches(name[:_VALUE_LENGTH].casefold(), by_folded, n=1)
    return by_folded[close[0]] if close else None


def fields_at(whole: Any, location: Iterable[int | str], content: Any) -> list[str]:
    """The fields of the models at a place of a document of type `whole`; the content's `kind` tells them apart."""
    models, here = _models_in(whole), content
    for step in location:
        models = [each for each in models if _is_of_kind(each, here)]
        if isinstance(step, str) and isinstance(here, Mapping) and step in here:
            fields = [field for model in models for name, field in model.model_fields.items() if step == name]
            models = [found for field in fields for found in _models_in(field.annotation)] if fields else models
            here = here[step]
        elif isinstance(step, int):
            here = here[step] if isinstance(here, list) and step < len(here) else None
    return sorted({name for each in models if _is_of_kind(each, here) for name in each.model_fields})


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for each in get_args(annotation) for found in _models_in(each)]


def _is_of_kind(model: type[BaseModel], content: Any) -> bool:
    field = model.model_fields.get("kind")
    kinds = get_args(field.annotation) if field else ()
    given = content.get("kind", field.default if field else None) if isinstance(content, Mapping) else None
    return given is None or not kinds or given in kinds


def _instead(name: str, known: Iterable[str]) -> str:
    names = sorted(known)
    close = nearest(name, names)
    if close is not None:
        return f"did you mean {close!r}? Correct the name, or remove the field"
    return f"remove it; the fields here are {', '.join(names)}" if names else "remove it, or correct its name"


def merged(*groups: Iterable[Problem]) -> list[Problem]:
    """All the problems, the first one only where several speak of the same place with the same code or of NaN."""
    problems = [each for group in groups for each in group]
    not_finite = {each.path for each in problems if each.code == "NOT_FINITE"}
    first: dict[tuple[str, str], Problem] = {}
    for each in problems:
        first.setdefault((each.path, "NOT_FINITE" if each.path in not_finite else each.code), each)
    return list(first.values())


def canonical_json_of(content: Any) -> bytes:
    """Sorted keys, no blanks, shortest floats that read back the same: equal content is equal bytes."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def shown(value: Any) -> str:
    """A value as it stands in an error report: short, on one line, nothing in it that a terminal would obey."""
    text = texts.visible((value if isinstance(value, str) else _written(value))[: _VALUE_LENGTH + 1])
    return text if len(text) <= _VALUE_LENGTH else text[: _VALUE_LENGTH - 1] + "…"


def _written(value: Any) -> str:
    """As JSON, and no more of it than is shown."""
    if not isinstance(value, dict | list | tuple):
        return json.dumps(value, default=str, ensure_ascii=False)
    text = ""
    for piece in _ENCODER.iterencode(value):
        text += piece[: _VALUE_LENGTH + 1]
        if len(text) > _VALUE_LENGTH:
            break
    return text


class _Encoder(json.JSONEncoder):
    def iterencode(self, o: Any, _one_shot: bool = False) -> Iterator[str]:
        return super().iterencode(o, _one_shot=False)


_ENCODER = _Encoder(default=str, ensure_ascii=False)


class _Object(dict[str, Any]):
    """A JSON object that was given keys twice, and remembers which."""

    repeated: tuple[str, ...] = ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) == len(pairs):
        return content
    known = _Object(content)
    known.repeated = tuple(sorted(name for name, count in Counter(name for name, _ in pairs).items() if count > 1))
    return known


def _too_much(text: str) -> Problem | None:
    """Counted before anything is built of it: every value but the first stands after one of these marks."""
    values = text.count(",") + text.count("{") + text.count("[") + 1
    if values <= MAX_VALUES:
        return None
    message = f"the document holds up to {values:,} values; the limit is {MAX_VALUES:,}"
    return Problem("$", "LIMIT_EXCEEDED", "", message, "split the document")


def _too_deep(path: str) -> Problem:
    message = f"the document is nested deeper than {MAX_DEPTH} levels"
    return Problem(path, "NOT_JSON", "", message, "bring it as the documentation shows it")


@dataclass(frozen=True)
class _Place:
    """A step of the way to a value; the path is written only where something is wrong."""

    above: "_Place | None" = None
    step: str | int = ""
    depth: int = 0

    def __str__(self) -> str:
        steps, place = [], self
        while place.above is not None:
            steps.append(place.step)
            place = place.above
        path = ""
        for step in reversed(steps):
            path = f"{path}[{step}]" if isinstance(step, int) else _joined(path, step)
        return path

    def to(self, step: str | int) -> "_Place":
        return _Place(self, step, self.depth + 1)


def _json_problems(content: Any) -> tuple[list[Problem], bool]:
    """In the document's order, and whether it can be looked at further; each value is seen once."""
    problems: list[Problem] = []
    waiting: list[tuple[Any, _Place]] = [(content, _Place())]
    while waiting:
        value, place = waiting.pop()
        if place.depth >= MAX_DEPTH and isinstance(value, dict | list):
            return [_too_deep(str(place))], False
        if isinstance(value, dict):
            if any(len(name) > MAX_KEY_CHARS for name in value):
                fix = f"shorten it to {MAX_KEY_CHARS:,} characters"
                return [Problem(str(place) or "$", "TOO_LONG", "", "a key is too long", fix)], False
            problems += _key_problems(value, place)
            waiting += [(each, place.to(name)) for name, each in reversed(value.items()) if _may_be_wrong(each)]
        elif isinstance(value, list):
            waiting += [(value[i], place.to(i)) for i in reversed(range(len(value))) if _may_be_wrong(value[i])]
        elif isinstance(value, str) and not texts.is_clean(value):
            problems.append(_control(str(place) or "$", value))
        elif isinstance(value, float) and not math.isfinite(value):
            message = "NaN and Infinity are not numbers"
            problems.append(Problem(str(place), "NOT_FINITE", str(value), message, "give a number or leave it out"))
    return problems, True


def _may_be_wrong(value: Any) -> bool:
    if isinstance(value, str):
        return not texts.is_clean(value)
    return isinstance(value, dict | list) or (isinstance(value, float) and not math.isfinite(value))


def _key_problems(content: dict[str, Any], place: _Place) -> Iterator[Problem]:
    for name in content.repeated if isinstance(content, _Object) else ():
        message = f"{shown(name)!r} is there more than once"
        yield Problem(str(place.to(name)), "DUPLICATE_KEY", shown(name), message, "keep one of them")
    for name in content:
        if not texts.is_clean(name):
            yield _control(str(place.to(name)), name)


def _control(path: str, text: str) -> Problem:
    return Problem(path, texts.CODE, shown(text), f"the text holds {texts.named(text)}", texts.FIX)


def _joined(path: str, name: str) -> str:
    return f"{path}.{shown(name)}" if path else shown(name)


_BOUND = ("OUT_OF_RANGE", "", "give a number within the bound")
_CODE_MESSAGE_FIX = {
    "missing": ("MISSING", "this field is required", "add it"),
    "finite_number": ("NOT_FINITE", "NaN and Infinity are not numbers", "give a finite number"),
    "literal_error": ("UNKNOWN_VALUE", "", "use one of the values listed"),
    "union_tag_invalid": ("UNKNOWN_VALUE", "", "use one of the values listed"),
    "union_tag_not_found": ("MISSING", "this field is required", "add it"),
    "greater_than": _BOUND,
    "greater_than_equal": _BOUND,
    "less_than": _BOUND,
    "less_than_equal": _BOUND,
}
_SPEAK_OF_KIND = ("unknown_kind", "union_tag_invalid", "union_tag_not_found")


def _structure_problem(error: ErrorDetails, content: Any, prefix: str, whole: Any) -> Problem:
    kind, given = error["type"], error["input"]
    path = _path(error["loc"], content, kind, prefix)
    if kind == "extra_forbidden":
        name = str(error["loc"][-1])
        return unknown_field(path, name, fields_at(whole, error["loc"][:-1], content))
    if kind in _SPEAK_OF_KIND:
        path, given = _joined(path, "kind"), given.get("kind") if isinstance(given, Mapping) else given
    value = "" if kind in ("missing", "union_tag_not_found") else shown(given)
    context: dict[str, Any] = error.get("ctx", {})
    said = texts.visible(error["msg"][:_MESSAGE_LENGTH])
    if "fix" in context:
        return Problem(path or "$", kind.upper(), value, said, context["fix"])
    if kind.endswith("_type"):
        return Problem(path or "$", "WRONG_TYPE", value, said, "write such a value (numbers without quotes)")
    code, message, fix = _CODE_MESSAGE_FIX.get(kind, ("INVALID_VALUE", "", "correct it"))
    return Problem(path or "$", code, value, message or said, fix)


def _path(location: tuple[int | str, ...], content: Any, kind: str, prefix: str) -> str:
    """pydantic's location without the union tags that it inserts and the document does not have."""
    path, here = prefix, content
    for i, step in enumerate(location):
        if isinstance(step, int):
            path, here = f"{path}[{step}]", here[step] if isinstance(here, list) and step < len(here) else None
        elif isinstance(here, dict) and step in here:
            path, here = _joined(path, step), here[step]
        elif kind == "missing" and i == len(location) - 1:
            path = _joined(path, step)
    return path


def _iso_date(value: Any) -> date:
    fix = f"write it as YYYY-MM-DD, between {_YEARS[0]} and {_YEARS[-1]}"
    try:
        fits = isinstance(value, date) or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value))
        day = value if isinstance(value, date) else date.fromisoformat(value) if fits else None
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise PydanticCustomError("invalid_date", "this is not a date", {"fix": fix})
    return day


def _currency(code: str) -> str:
    if code not in ISO_4217:
        message = "{code} is no currency of ISO 4217"
        raise PydanticCustomError("unknown_currency", message, {"code": code, "fix": "use the three capital letters"})
    return code


def _pair(pair: str) -> str:
    base, quote = pair[:3], pair[3:]
    if base not in ISO_4217 or quote not in ISO_4217 or base == quote:
        fix = "join two different ISO 4217 currencies, base first: EURUSD"
        raise PydanticCustomError("invalid_pair", "this is not a currency pair", {"fix": fix})
    return pair


def _decimal_rate(rate: float) -> float:
    if abs(rate) > 1:
        fix = "rates are decimals: 5 % is 0.05"
        raise PydanticCustomError("rate_not_decimal", "a rate beyond 100 %, probably in percent", {"fix": fix})
    return rate


def _possible_rate(rate: float) -> float:
    if abs(rate) > MAX_RATE:
        fix = "rates are decimals: 5 % is 0.05"
        message = f"a rate beyond {MAX_RATE:.0%}, probably in percent"
        raise PydanticCustomError("percent_suspected", message, {"fix": fix})
    return rate


Text = Annotated[str, Field(strict=True, min_length=1, max_length=128)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
IsoDate = Annotated[date, BeforeValidator(_iso_date)]
Currency = Annotated[str, Field(strict=True), AfterValidator(_currency)]
Pair = Annotated[str, Field(strict=True), AfterValidator(_pair)]
Rate = Annotated[Number, AfterValidator(_decimal_rate)]
MarketRate = Annotated[Number, AfterValidator(_possible_rate)]
"""Of a market: what looks like percent is told apart by `domain.market.percent`, since a market may mean it."""

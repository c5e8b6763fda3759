"""JSON documents that users bring: read strictly, and told everything that is wrong with them at once."""

import difflib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_serializer
from pydantic_core import ErrorDetails, PydanticCustomError

from domain.currencies import ISO_4217

_VALUE_LENGTH = 80
_YEARS = range(1900, 2401)
LARGEST_RATE = 10.0


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where (`curves[0].nodes[1].rate`), what stands there, and what to do about it."""

    path: str
    code: str
    value: str
    message: str
    fix: str


class InvalidDocument(ValueError):
    """A document that cannot be used; `problems` lists all of them, in the document's order."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(f"{each.path}: {each.message}" for each in self.problems))


class Part(BaseModel):
    """A piece of a document: immutable, a misspelt field is an error, an absent field is not written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_serializer(mode="wrap")
    def _without_absent_fields(self, handler: Any) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None}


def read_json(raw: bytes | str) -> tuple[Any, list[Problem]]:
    """The document's content, and what JSON itself forbids: bad syntax, repeated keys, NaN and Infinity."""
    try:
        text = raw.decode("utf-8-sig") if isinstance(raw, bytes) else raw.removeprefix("\ufeff")
        content = json.loads(text, object_pairs_hook=_Object)
        return content, list(_json_problems(content, ""))
    except UnicodeDecodeError as error:
        return None, [Problem("$", "NOT_UTF8", "", f"byte {error.start} is not UTF-8", "save the file as UTF-8")]
    except (ValueError, RecursionError) as error:
        return None, [Problem("$", "NOT_JSON", "", f"this is not JSON: {error}", "correct the syntax there")]


def structure_problems(error: ValidationError, content: Any, prefix: str = "", whole: Any = None) -> list[Problem]:
    """What pydantic found, with paths as a reader of the document would write them.

    `whole` is the document's type: an unknown field is told with the nearest that the type has there.
    """
    return [_structure_problem(each, content, prefix, whole) for each in error.errors(include_url=False)]


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
    """A value as it stands in an error report: short, on one line."""
    text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _VALUE_LENGTH else text[: _VALUE_LENGTH - 1] + "…"


class _Object(dict[str, Any]):
    """A JSON object that remembers the keys that it was given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated: list[str] = []
        if len(self) < len(pairs):
            names = [name for name, _ in pairs]
            self.repeated = sorted({name for name in names if names.count(name) > 1})


def _json_problems(value: Any, path: str) -> Iterator[Problem]:
    if isinstance(value, float) and not math.isfinite(value):
        yield Problem(
            path, "NOT_FINITE", str(value), "NaN and Infinity are not numbers", "give a number or leave it out"
        )
    elif isinstance(value, dict):
        for name in value.repeated if isinstance(value, _Object) else ():
            where = _joined(path, name)
            yield Problem(where, "DUPLICATE_KEY", name, f"{name!r} is there more than once", "keep one of them")
        for name, each in value.items():
            yield from _json_problems(each, _joined(path, name))
    elif isinstance(value, list):
        for i, each in enumerate(value):
            yield from _json_problems(each, f"{path}[{i}]")


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


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
    if "fix" in context:
        return Problem(path or "$", kind.upper(), value, error["msg"], context["fix"])
    if kind.endswith("_type"):
        return Problem(path or "$", "WRONG_TYPE", value, error["msg"], "write such a value (numbers without quotes)")
    code, message, fix = _CODE_MESSAGE_FIX.get(kind, ("INVALID_VALUE", "", "correct it"))
    return Problem(path or "$", code, value, message or error["msg"], fix)


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
    if abs(rate) > LARGEST_RATE:
        fix = "rates are decimals: 5 % is 0.05"
        message = f"a rate beyond {LARGEST_RATE:.0%}, probably in percent"
        raise PydanticCustomError("percent_suspected", message, {"fix": fix})
    return rate


Text = Annotated[str, Field(strict=True, min_length=1, max_length=128)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
IsoDate = Annotated[date, BeforeValidator(_iso_date)]
Currency = Annotated[str, Field(strict=True), AfterValidator(_currency)]
Pair = Annotated[str, Field(strict=True), AfterValidator(_pair)]
Rate = Annotated[Number, AfterValidator(_decimal_rate)]
MarketRate = Annotated[Number, AfterValidator(_possible_rate)]
"""Of a market: what looks like percent is told apart by `domain.percent`, since a market may mean it."""

"""Scenarios (contract, section 4): every kind of shock as a document says it, and what makes one invalid."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from domain.documents import (
    InvalidDocument,
    Number,
    Pair,
    Part,
    Problem,
    Text,
    merged,
    read_json,
    shown,
    structure_problems,
)
from domain.market.parts import RateNode, Tenor, add_tenor
from domain.market.percent import RATE, rates_of, suspected
from domain.measures.measures import KEY_RATE_TENORS_YR
from domain.scenarios.variables import VARIABLES, Change, change_kind
from domain.scenarios.versions import BASE

IRRBB_NAMES = ("PARALLEL_UP", "PARALLEL_DOWN", "STEEPENER", "FLATTENER", "SHORT_UP", "SHORT_DOWN")
IrrbbName = Literal["PARALLEL_UP", "PARALLEL_DOWN", "STEEPENER", "FLATTENER", "SHORT_UP", "SHORT_DOWN"]
IrrbbStandard = Literal["d578", "d368"]


class InvalidScenario(InvalidDocument):
    """A scenario or a set of scenarios that cannot be used."""


def matches(pattern: str, value: str | None) -> bool:
    """Shell-style and case-sensitive; a value that is absent is matched by `*` and by the empty pattern only."""
    return fnmatchcase(value or "", pattern)


def _key_rate(tenor_yr: float) -> float:
    if tenor_yr not in KEY_RATE_TENORS_YR:
        fix = "use one of " + " ".join(f"{each:g}" for each in KEY_RATE_TENORS_YR)
        raise PydanticCustomError("not_a_key_rate", "this tenor is not a key rate", {"fix": fix})
    return tenor_yr


def _identifier(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", text):
        fix = "use 1 to 64 letters, digits, dots, dashes and underscores"
        raise PydanticCustomError("invalid_id", "this cannot be an id", {"fix": fix})
    return text


def _reference(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}(@[1-9]\d{0,8})?", text):
        fix = "name a scenario, or a version of it: up100 or up100@2"
        raise PydanticCustomError("invalid_reference", "this names no scenario", {"fix": fix})
    return text


def _quarter(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 13
    if is_number or value is None or (isinstance(value, str) and re.fullmatch(r"20\d\d ?Q[1-4]", value)):
        return value
    fix = 'write "2026 Q3", or the number of the quarter in the path, 1 to 13'
    raise PydanticCustomError("invalid_quarter", "this is no quarter of a path", {"fix": fix})


def _prepayment_speed(text: str) -> str:
    return _speed(text, _PREPAYMENT_SPEED, "CPR 6, SMM 0.5, PSA 165 or ABS 1.3")


def _default_speed(text: str) -> str:
    return _speed(text, _DEFAULT_SPEED, "CDR 2 or SDA 100")


def _speed(text: str, grammar: re.Pattern[str], examples: str) -> str:
    parsed = grammar.fullmatch(text)
    if parsed is None or float(parsed["speed"]) > (
        MOST_PERCENT if parsed["kind"] in MONTHLY_OR_ANNUAL else MOST_MULTIPLE
    ):
        raise PydanticCustomError(
            "invalid_speed", "this is no speed", {"fix": f"write {examples}; numbers are percent"}
        )
    return text


def _variable(name: str) -> str:
    if name not in VARIABLES:
        fix = f"use one of {', '.join(VARIABLES)}"
        raise PydanticCustomError("unknown_variable", "there is no variable {name}", {"name": shown(name), "fix": fix})
    return name


def _at_least_one(references: tuple[str, ...]) -> tuple[str, ...]:
    if not references:
        raise PydanticCustomError("empty", "the set names no scenario", {"fix": "name one or more"})
    return references


Identifier = Annotated[str, Field(strict=True), AfterValidator(_identifier)]
Reference = Annotated[str, Field(strict=True), AfterValidator(_reference)]
BasisPoints = Annotated[Number, Field(ge=-10_000, le=10_000)]
Multiplier = Annotated[Number, Field(ge=0, le=1_000)]
MONTHLY_OR_ANNUAL = ("CPR", "SMM", "ABS", "CDR")
"""Speeds that are rates themselves; PSA and SDA are percents of a standard."""
MOST_PERCENT, MOST_MULTIPLE = 100.0, 20_000.0
_PREPAYMENT_SPEED = re.compile(r"(?P<kind>CPR|SMM|PSA|ABS) +(?P<speed>\d+(\.\d*)?|\.\d+)")
_DEFAULT_SPEED = re.compile(r"(?P<kind>CDR|SDA) +(?P<speed>\d+(\.\d*)?|\.\d+)")
PrepaymentSpeed = Annotated[str, Field(strict=True), AfterValidator(_prepayment_speed)]
DefaultSpeed = Annotated[str, Field(strict=True), AfterValidator(_default_speed)]


class ParallelShock(Part):
    kind: Literal["PARALLEL"]
    curves: Text
    bp: BasisPoints


class KeyRateShock(Part):
    """Triangular between the neighbouring key rates; flat before the first and after the last."""

    kind: Literal["KEY_RATE"]
    curves: Text
    tenor_yr: Annotated[Number, AfterValidator(_key_rate)]
    bp: BasisPoints


class TwistShock(Part):
    """`short_bp` at 0, nil at the pivot, `long_bp` at 30 years and beyond, linear between."""

    kind: Literal["TWIST"]
    curves: Text
    short_bp: BasisPoints
    long_bp: BasisPoints
    pivot_yr: Annotated[Number, Field(gt=0, lt=30)]


class SpreadShock(Part):
    """Moves the spread of the positions that match every pattern (an issuer's field, a term or any attribute)."""

    kind: Literal["SPREAD"] = "SPREAD"
    match: Annotated[dict[Text, Annotated[str, Field(strict=True, max_length=256)]], Field(min_length=1, max_length=64)]
    bp: BasisPoints


class FxShock(Part):
    kind: Literal["FX"]
    pair: Pair
    pct: Annotated[Number, Field(gt=-100, le=1_000)]


class VolShock(Part):
    """`bp` moves normal surfaces by so many basis points, `pct` any surface by a share of itself."""

    kind: Literal["VOL"]
    surfaces: Text
    bp: BasisPoints | None = None
    pct: Annotated[Number, Field(gt=-100, le=1_000)] | None = None

    @model_validator(mode="after")
    def _one_size(self) -> "VolShock":
        if (self.bp is None) == (self.pct is None):
            fix = 'give exactly one of "bp" and "pct"'
            raise PydanticCustomError("bp_or_pct", "a volatility moves by basis points or by percent", {"fix": fix})
        return self


class SpeedShock(Part):
    """`multiplier` scales quoted speeds; `speed` replaces them and every earlier shock of them, where one is quoted.

    With `match`, of the instruments and lines alone that match every pattern.
    """

    multiplier: Multiplier | None = None
    speed: Annotated[str, Field(strict=True)] | None = None
    match: Annotated[dict[Text, Annotated[str, Field(strict=True)]], Field(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> "SpeedShock":
        if (self.multiplier is None) == (self.speed is None):
            fix = 'give exactly one of "multiplier" and "speed"'
            raise PydanticCustomError("multiplier_or_speed", "a speed is scaled, or replaced", {"fix": fix})
        return self

    @property
    def is_for_all(self) -> bool:
        """It scales every position's speed alike."""
        return self.speed is None and self.match is None


class PrepaymentShock(SpeedShock):
    kind: Literal["PREPAYMENT"]
    speed: PrepaymentSpeed | None = None


class DefaultShock(SpeedShock):
    kind: Literal["DEFAULT"]
    speed: DefaultSpeed | None = None


class CleanUpCallShock(Part):
    """Whether the deals that match exercise their clean-up call."""

    kind: Literal["CLEAN_UP_CALL"]
    deals: Text
    exercised: Annotated[bool, Field(strict=True)] = True


class SeverityShock(Part):
    kind: Literal["SEVERITY"]
    add: Annotated[Number, Field(ge=-1, le=1)]


class CurveShock(Part):
    """Other zero rates in the place of a curve's nodes."""

    kind: Literal["CURVE"]
    curve_id: Text
    nodes: tuple[RateNode, ...]


class CurveMove(Part):
    tenor: Tenor
    bp: BasisPoints


class CurveMoveShock(Part):
    """Zero rates as they moved between two days of the past: linear between the tenors, flat outside them."""

    kind: Literal["CURVE_MOVE"]
    curves: Text
    moves: tuple[CurveMove, ...]

    @model_validator(mode="after")
    def _each_tenor_once(self) -> "CurveMoveShock":
        tenors = [move.tenor for move in self.moves]
        if not tenors:
            raise PydanticCustomError("empty", "no tenor moves", {"fix": "give one or more moves"})
        if len(set(tenors)) < len(tenors):
            raise PydanticCustomError("duplicate_tenor", "a tenor moves twice", {"fix": "give each tenor one move"})
        return self

    def corners(self, as_of: date) -> tuple[list[float], list[float]]:
        """Times in years (ACT/365F) in ascending order, and the moves there in basis points."""
        points = sorted(((add_tenor(as_of, move.tenor) - as_of).days / 365, move.bp) for move in self.moves)
        return [time for time, _ in points], [bp for _, bp in points]


class IrrbbShock(Part):
    """Without a `standard` that of the run's rule set: a run pins it."""

    kind: Literal["IRRBB"]
    standard: IrrbbStandard | None = None
    name: IrrbbName


class SupervisoryShock(Part):
    """A scenario of the Federal Reserve at one quarter of its path: "2026 Q3", or 3; absent: the widest BBB spread."""

    kind: Literal["SUPERVISORY"]
    cycle: Literal[2024, 2025, 2026]
    name: Literal["BASELINE", "SEVERELY_ADVERSE"]
    quarter: Annotated[str | int | None, BeforeValidator(_quarter)] = None


class CreditFactorShock(Part):
    """The state of the economy in Vasicek's one-factor model: -2.33 is a year that is worse one time in a hundred."""

    kind: Literal["CREDIT_FACTOR"]
    z: Annotated[Number, Field(ge=-40, le=40)]
    rho: Annotated[Number, Field(ge=0, lt=1)]


Variable = Annotated[str, Field(strict=True), AfterValidator(_variable)]
MAX_QUARTERS = 400


class MacroShock(Part):
    """A path of macro variables of one's own, quarter by quarter from the valuation date on; it moves no price."""

    kind: Literal["MACRO"]
    start: dict[Variable, Number]
    path: Annotated[
        dict[Variable, Annotated[tuple[Number, ...], Field(min_length=1, max_length=MAX_QUARTERS)]], Field(min_length=1)
    ]

    @model_validator(mode="after")
    def _has_starts(self) -> "MacroShock":
        for name, values in self.path.items():
            if name not in self.start:
                fix = "say under start what it was in the quarter before the path"
                raise PydanticCustomError("no_start", "{name} has a path and no start", {"name": name, "fix": fix})
            _refuse_impossible(name, (self.start[name], *values))
        if len({len(values) for values in self.path.values()}) > 1:
            fix = "bring as many quarters of each variable"
            raise PydanticCustomError("uneven_path", "the variables' paths differ in length", {"fix": fix})
        return self


def _refuse_impossible(name: str, values: tuple[float, ...]) -> None:
    kind, lowest = change_kind(name), min(values)
    if kind is Change.RELATIVE and lowest <= 0.0:
        fix = "give levels above nil, as they are printed"
        raise PydanticCustomError(
            "out_of_range", "{name} is a level, and one is not above nil", {"name": name, "fix": fix}
        )
    if kind is Change.GROWN and lowest <= -100.0:
        fix = "give annualised percent: -5.4 is a fall of 5.4 %"
        raise PydanticCustomError("out_of_range", "{name} loses 100 % or more", {"name": name, "fix": fix})


Shock = Annotated[
    ParallelShock
    | KeyRateShock
    | TwistShock
    | SpreadShock
    | FxShock
    | VolShock
    | PrepaymentShock
    | DefaultShock
    | SeverityShock
    | CleanUpCallShock
    | CurveShock
    | CurveMoveShock
    | IrrbbShock
    | SupervisoryShock
    | CreditFactorShock
    | MacroShock,
    Field(discriminator="kind"),
]


class ScenarioDocument(Part):
    scenario_id: Identifier
    name: Annotated[str, Field(strict=True, max_length=256)] = ""
    shocks: tuple[Shock, ...]


class ScenarioSetDocument(Part):
    scenario_set_id: Identifier
    scenarios: Annotated[tuple[Reference, ...], AfterValidator(_at_least_one)]


BASE_SCENARIO = ScenarioDocument(scenario_id=BASE, name="The market as it is", shocks=())


def parse_scenarios(raw: bytes | str, *, rates_are_decimals: bool = False) -> list[ScenarioDocument]:
    """The scenarios of a file that holds one of them, or a list; raises InvalidScenario with all the problems.

    Nodes of CURVE shocks that look like percent are wrong unless `rates_are_decimals` says that they are meant.
    """
    content, problems = read_json(raw)
    if content is None and problems:
        raise InvalidScenario(problems)
    if isinstance(content, dict) and "scenario_set_id" in content:
        fix = "define it with `tenor scenario set`, or POST it to /api/v1/scenario/sets"
        raise InvalidScenario([Problem("$", "SCENARIO_SET", shown(content), "this is a set of scenarios", fix)])
    entries = [(f"[{i}]", each) for i, each in enumerate(content)] if isinstance(content, list) else [("", content)]
    structure: list[Problem] = []
    documents: list[tuple[str, ScenarioDocument]] = []
    for path, each in entries:
        document, found = _parsed(ScenarioDocument, each, path, len(structure))
        structure += found
        if document is not None:
            documents.append((path, document))
    suspicions = [] if rates_are_decimals else [each for entry in documents for each in _suspicions(*entry)]
    problems = merged(problems, structure, _id_problems(documents), suspicions)
    if not entries:
        problems = [Problem("$", "EMPTY", "[]", "there is no scenario in the list", "add one")]
    if problems:
        raise InvalidScenario(problems)
    return [document for _, document in documents]


def parse_scenario_set(raw: bytes | str) -> ScenarioSetDocument:
    """A named list of scenarios; raises InvalidScenario with all the problems."""
    content, problems = read_json(raw)
    if content is None and problems:
        raise InvalidScenario(problems)
    if not isinstance(content, dict):
        fix = 'write one object: {"scenario_set_id": "nightly", "scenarios": ["up100"]}'
        raise InvalidScenario([Problem("$", "WRONG_TYPE", shown(content), "this is no scenario set", fix)])
    document: ScenarioSetDocument | None
    document, structure = _parsed(ScenarioSetDocument, content, "")
    problems = merged(problems, structure, _repetitions(document.scenarios if document else ()))
    if document is None or problems:
        raise InvalidScenario(problems)
    return document


def _parsed(whole: type[Part], content: Any, path: str, before: int = 0) -> tuple[Any, list[Problem]]:
    try:
        return whole.model_validate(content), []
    except ValidationError as error:
        return None, structure_problems(error, content, path, whole, before)


def _suspicions(path: str, scenario: ScenarioDocument) -> Iterator[Problem]:
    for i, shock in enumerate(scenario.shocks):
        if isinstance(shock, CurveShock):
            where = f"{path}.shocks[{i}]".removeprefix(".")
            yield from suspected(rates_of(where, shock.nodes), RATE, "zero rate")


def _id_problems(scenarios: Sequence[tuple[str, ScenarioDocument]]) -> list[Problem]:
    problems, seen = [], set()
    for path, scenario in scenarios:
        name, where = scenario.scenario_id, f"{path}.scenario_id".removeprefix(".")
        if name == BASE:
            message = "BASE is the market without shocks and always there"
            problems.append(Problem(where, "RESERVED_ID", name, message, "choose another id"))
        if name in seen:
            problems.append(Problem(where, "DUPLICATE_ID", name, "another scenario has this id", "rename one of them"))
        seen.add(name)
    return problems


def _repetitions(references: Sequence[str]) -> list[Problem]:
    problems, seen = [], set[str]()
    for i, each in enumerate(references):
        if each in seen:
            message = "the set names this scenario already"
            problems.append(Problem(f"scenarios[{i}]", "DUPLICATE_ID", each, message, "name it once"))
        seen.add(each)
    return problems

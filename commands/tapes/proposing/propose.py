"""A mapping proposed for a file, ten rows as it would read them, and what it cannot know."""

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from commands.ingestion.findings import Findings
from commands.ingestion.limits import Budget, Spent
from commands.ingestion.near_names import nearest_column
from commands.ingestion.raw_tables import Cells
from commands.refusals import InvalidInput
from commands.tapes.containers import Opened, opened
from commands.tapes.proposing.layout import (
    HEAD_BYTES,
    HEAD_LINES,
    NUMBER,
    Layout,
    Question,
    date_fits,
    number_marks,
    record_of,
    text_layout,
)
from commands.tapes.proposing.words import CODES, CURRENCY_SIGNS, NAMES, USUAL, code_of, written
from commands.tapes.read_parquet import read_parquet
from commands.tapes.read_records import read_records
from commands.tapes.read_text import read_text
from commands.tapes.read_workbook import read_workbook
from commands.tapes.tape import Tape
from commands.tapes.to_tables import read_column
from domain.documents import JsonObject
from domain.portfolio.tables import BY_NAME, Kind
from domain.tapes.mapping import From, MappingDocument, as_json, mapping_problems

ROWS_SHOWN = 10
EXAMPLES = 3
CERTAIN, LIKELY, UNSURE = "certain", "likely", "unsure"
_KEY = re.compile(r"\d{4}-?\d{2}-?\d{2}[ ,;\t]+[A-Z_]+/[A-Z_]+/\S+[ ,;\t]+[+-]?[\d.]")
_FANNIE, _FREDDIE = range(108, 114), (31, 32, 35)
_MAX_ID = re.compile(r"[^A-Za-z0-9_]+")


@dataclass(frozen=True)
class Proposed:
    """A column of the file, what it is taken for, how surely and why."""

    source: str
    target: str
    said: JsonObject
    confidence: str
    why: str
    examples: list[str] = field(default_factory=list)

    def as_json(self) -> JsonObject:
        return {
            "source": self.source,
            "target": self.target,
            "confidence": self.confidence,
            "why": self.why,
            "examples": self.examples,
            "mapping": self.said,
        }


def suggest(path: Path, name: str, budget: Budget | None = None) -> JsonObject:
    """`name` is what the file is called; the answer's parts stand in the order in which they should be read."""
    errors, spent = Findings(), Spent(budget or Budget())
    with tempfile.TemporaryDirectory(prefix="tenor-suggest-") as folder:
        files = opened(path, Path(folder), errors, spent, several=True)
        _refuse(errors)
        each = replace(files[0], name=name)
        built_in = _built_in_of_text(each)
        if built_in == "ore_market":
            return _of_market(name)
        layout, tape = _head_of(each, errors, spent, Path(folder))
        _refuse(errors)
        assert tape is not None
        return _proposal(name, layout, tape, built_in)


def _refuse(errors: Findings) -> None:
    if errors.total:
        first = errors.listed()[0]
        raise InvalidInput(
            first.code, first.message, first.fix, [{**vars(each), "path": "$"} for each in errors.listed()]
        )


def _head_of(each: Opened, errors: Findings, spent: Spent, folder: Path) -> tuple[Layout, Tape | None]:
    with each.path.open("rb") as file:
        raw = file.read(HEAD_BYTES)
    trial = MappingDocument(mapping_id="trial", columns={"positions.position_id": From.model_validate({"value": "x"})})
    if each.is_workbook:
        return Layout(), read_workbook(each, trial, errors, spent)
    if each.is_parquet:
        return Layout(), read_parquet(each, trial, errors, spent)
    record = record_of(raw) if raw.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") else None
    if record is not None:
        layout = Layout({"record": record})
        return layout, read_records(each, _with(trial, layout), errors, spent)
    layout, text = text_layout(raw, each.path)
    head = folder / "head"
    lines = text.splitlines(keepends=True)[:HEAD_LINES]
    head.write_text("".join(lines if len(raw) < HEAD_BYTES else lines[:-1]), encoding="utf-8", newline="")
    plain = {name: value for name, value in layout.format.items() if name != "encoding"}
    shown = replace(layout, format=plain)
    return layout, read_text(replace(each, path=head), _with(trial, shown), errors, spent, folder)


def _with(trial: MappingDocument, layout: Layout) -> MappingDocument:
    said = {**as_json(trial), "format": layout.format, "skip_rows": layout.skip_rows}
    return MappingDocument.model_validate(said)


# --- layouts that are known -----------------------------------------------------------------------------------------


def _built_in_of_text(each: Opened) -> str | None:
    """Published layouts without a header are known by their width."""
    if each.is_workbook or each.is_parquet:
        return None
    with each.path.open("rb") as file:
        lines = file.read(1 << 16).decode("utf-8", errors="replace").splitlines()
    rows = [line for line in lines if line.strip() and not line.startswith("#")][:20]
    if rows and all(_KEY.match(row) for row in rows[:5]):
        return "ore_market"
    widths = {row.count("|") + 1 for row in rows[:-1] or rows}
    first = rows[0].split("|") if rows else []
    if len(widths) == 1 and widths <= set(_FANNIE) and re.fullmatch(r"\d{6}", first[2] if len(first) > 2 else ""):
        return "fannie_mae_sflp"
    if len(widths) == 1 and widths <= set(_FREDDIE) and re.search(r"\|[A-Z]\d{2}Q\d", f"|{rows[0]}"):
        return "freddie_mac_sflld"
    return None


def _built_in_of_header(tape: Tape) -> str | None:
    names = {name.lower() for name in tape.columns}
    if {"assetnumber", "reportingperiodactualendbalanceamount", "loanmaturitydate"} <= names:
        return "sec_abs_ee_auto"
    return "consumer_tape" if {"id", "out_prncp", "int_rate", "issue_d", "term", "loan_status"} <= names else None


def _of_market(name: str) -> JsonObject:
    note = (
        f"{name} holds quotes as Open Source Risk writes them: `tenor market load {name} --mapping ore_market` reads it"
    )
    return {"file": name, "built_in": "ore_market", "missing": [], "questions": [], "notes": [note], "columns": [],
            "attributes": [], "mapping": None, "rows": []}  # fmt: skip


# --- a proposal -----------------------------------------------------------------------------------------------------


def _proposal(name: str, layout: Layout, tape: Tape, built_in: str | None) -> JsonObject:
    texts = {label: _filled(cells) for label, cells in tape.columns.items()}
    number_marks(texts.values(), layout)
    dates = _dates(texts, layout)
    found = {each.target: each for each in _columns(tape, texts, layout, dates)}
    _currency_of_signs(texts, found)
    _issued_at_origination(found)
    mapping_id = _MAX_ID.sub("_", Path(name).name.partition(".")[0]).strip("_")[:64] or "tape"
    said = {
        "mapping_id": mapping_id,
        "format": layout.format,
        "columns": {target: each.said for target, each in found.items()},
        **({"skip_rows": layout.skip_rows} if layout.skip_rows else {}),
    }
    used = {each.source for each in found.values()}
    built_in = built_in or _built_in_of_header(tape)
    notes = [f"this looks like {built_in}: try `--mapping {built_in}` first"] if built_in else []
    return {
        "file": name,
        "built_in": built_in,
        "missing": _missing(said),
        "questions": [vars(each) | {"choices": list(each.choices)} for each in layout.questions],
        "notes": [*notes, *layout.notes],
        "columns": [each.as_json() for each in found.values()],
        "attributes": [label for label in tape.columns if label not in used],
        "mapping": said,
        "rows": _rows(tape, said) if found else _as_they_stand(tape),
    }


def _issued_at_origination(found: dict[str, Proposed]) -> None:
    """A loan is issued when it is originated: one column speaks for both, where no other does."""
    origination = found.get("positions.origination_date")
    if origination is not None and "instruments.issue_date" not in found:
        why = f"{origination.source} is when the loan began"
        found["instruments.issue_date"] = replace(
            origination, target="instruments.issue_date", confidence=LIKELY, why=why
        )


def _filled(cells: Cells) -> list[str]:
    return [str(text) for text in cells.texts.to_pylist() if text]


def _missing(said: JsonObject) -> list[dict[str, str]]:
    """Required columns without a source; on top, since nothing can be read before they have one."""
    if not said["columns"]:
        said = {**said, "columns": {"positions.position_id": {"value": "?"}}}
    if "instruments.product_type" not in said["columns"]:
        return [*_lacking(said), *_lacking_of_a_loan(said)]
    return _lacking(said)


def _lacking_of_a_loan(said: JsonObject) -> list[dict[str, str]]:
    """What comes to that if the rows are loans, as most tapes' are."""
    of_loans = {**said["columns"], "instruments.product_type": {"value": "LOAN"}}
    known = {each["column"] for each in _lacking(said)}
    more = [each for each in _lacking({**said, "columns": of_loans}) if each["column"] not in known]
    return [each | {"message": each["message"].replace("is required", "is required of a LOAN")} for each in more]


def _lacking(said: JsonObject) -> list[dict[str, str]]:
    problems = mapping_problems(MappingDocument.model_validate(said))
    return [
        {
            "column": target,
            "message": f"{target} is required, and no column of the file is taken for it",
            "fix": f'name its column: "{target}": {{"from": "…"}}'
            + (f", or say it for all rows: {USUAL[target]}" if target in USUAL else ""),
        }
        for problem in problems
        if problem.code == "NO_SOURCE" and (target := problem.path.removeprefix("columns."))
    ]


def _dates(texts: dict[str, list[str]], layout: Layout) -> dict[str, list[str]]:
    """Columns that hold dates, and the patterns that each can have; the file's pattern is said once it is one."""
    fits = {}
    for label, cells in texts.items():
        named = bool(re.search(r"date|_dt$|^dt_|maturity|_d$|period|first_pay", written(label)))
        if found := date_fits(cells, digits_too=named):
            fits[label] = found
    written_so = {label: found for label, found in fits.items() if found != ["YYYY-MM-DD"]}
    if not written_so:
        return fits
    of_all = [each for each in next(iter(written_so.values())) if all(each in found for found in written_so.values())]
    if len(of_all) == 1:
        layout.format["dates"] = of_all[0]
    elif len(of_all) > 1:
        _ask(next(iter(written_so)), texts, of_all, layout)
    else:
        _each_its_own(written_so, texts, layout)
    return fits


def _ask(label: str, texts: dict[str, list[str]], choices: list[str], layout: Layout) -> None:
    shown = texts[label][0]
    message = f"{shown} of {label} can be read as {' or as '.join(choices)}, and no value of the file tells which"
    layout.questions.append(Question("format.dates", message, tuple(choices)))


def _each_its_own(fits: dict[str, list[str]], texts: dict[str, list[str]], layout: Layout) -> None:
    """Columns that are written differently: the patterns that are told for certain, and a question for the others."""
    certain = list(dict.fromkeys(found[0] for found in fits.values() if len(found) == 1))
    if certain:
        layout.format["dates"] = certain if len(certain) > 1 else certain[0]
    for label, found in fits.items():
        if len(found) > 1 and not set(found) & set(certain):
            _ask(label, texts, found, layout)


def _columns(
    tape: Tape, texts: dict[str, list[str]], layout: Layout, dates: dict[str, list[str]]
) -> Iterator[Proposed]:
    """By name, then checked against the values; each column of the file and of ours at most once."""
    if layout.format.get("header") is False:
        return
    taken: set[str] = set()
    done: set[str] = set()
    for confidence in (CERTAIN, LIKELY, UNSURE):
        for label in tape.columns:
            target = None if label in taken else _target(label, confidence)
            if target is None or target in done:
                continue
            proposed = _checked(label, target, confidence, tape, texts[label], layout, dates)
            if proposed is not None:
                taken.add(label)
                done.add(target)
                yield proposed


def _target(label: str, confidence: str) -> str | None:
    name = written(label)
    own = [f"{table}.{name}" for table in ("positions", "instruments") if BY_NAME[table].column(name) is not None]
    if confidence == CERTAIN:
        return next((each for each in own if each in NAMES), own[0] if own else None)
    if confidence == LIKELY:
        ranked = [(words.index(name), target) for target, words in NAMES.items() if name in words]
        return min(ranked)[1] if ranked else f"positions.{name}" if f"positions.{name}" in NAMES else None
    near = nearest_column(name, [target.partition(".")[2] for target in NAMES], brought=())
    return next((target for target in NAMES if target.partition(".")[2] == near), None) if near else None


def _checked(
    label: str,
    target: str,
    confidence: str,
    tape: Tape,
    cells: list[str],
    layout: Layout,
    dates: dict[str, list[str]],
) -> Proposed | None:
    """None where the values cannot be what the name says."""
    table, _, column = target.partition(".")
    spec, said, why = BY_NAME[table].column(column), {"from": label}, [_of_name(label, column, confidence)]
    kind = spec.kind if spec else Kind.NUMBER if column == "fico" else Kind.TEXT
    numbers = [NUMBER.fullmatch(cell) is not None for cell in cells]
    if target in CODES:
        codes = {cell: code_of(target, cell) for cell in cells}
        if not _say_codes(target, codes, said, why, layout):
            return None
    elif kind in (Kind.NUMBER, Kind.INTEGER):
        if not cells or sum(numbers) < 0.9 * len(cells):
            return None
        _say_scale(target, cells, said, why)
    elif kind is Kind.DATE:
        if label not in dates:
            return None
        why.append(f"its values are dates ({' or '.join(dates[label])})")
    elif kind is Kind.TEXT and label in dates:
        return None
    elif target == "positions.position_id" and len(cells) < len(tape.rows):
        why.append(f"it has {len(cells):,} different values in {len(tape.rows):,} rows: see `latest` for monthly tapes")
        confidence = UNSURE
    return Proposed(label, target, said, confidence, "; ".join(why), cells[:EXAMPLES])


def _of_name(label: str, column: str, confidence: str) -> str:
    if confidence == CERTAIN:
        return f"it is called {column}"
    return f"{label} is a usual name of {column}" if confidence == LIKELY else f"{label} is nearly {column}"


def _say_codes(target: str, codes: dict[str, str | None], said: JsonObject, why: list[str], layout: Layout) -> bool:
    known = {text: code for text, code in codes.items() if code is not None}
    if not known:
        return False
    if any(text != code for text, code in known.items()) or len(known) < len(codes):
        said["map"] = known
        why.append("its words are " + ", ".join(f"{text} for {code}" for text, code in list(known.items())[:4]))
    for text in [text for text, code in codes.items() if code is None][:5]:
        choices = tuple(CODES[target])
        layout.questions.append(Question(f"columns.{target}.map", f"what is {text!r} of {said['from']}?", choices))
    return True


def _say_scale(target: str, cells: list[str], said: JsonObject, why: list[str]) -> None:
    """Rates and ratios that look like percent; a percent sign says it itself."""
    if target not in ("instruments.coupon", "instruments.margin", "positions.ltv"):
        return
    if any("%" in cell for cell in cells):
        said["scale"] = 0.01
        why.append("its values carry a percent sign")
        return
    plain = sorted(float(cell.replace(",", ".")) for cell in cells if re.fullmatch(r"\d+([.,]\d+)?", cell))
    middle = plain[len(plain) // 2] if plain else 0.0
    if middle > (1.5 if target == "positions.ltv" else 0.5):
        said["scale"] = 0.01
        why.append(f"its values, {plain[0]:g} to {plain[-1]:g}, look like percent")


def _currency_of_signs(texts: dict[str, list[str]], found: dict[str, Proposed]) -> None:
    if "instruments.currency" in found:
        return
    signs = {sign for cells in texts.values() for cell in cells[:50] for sign in CURRENCY_SIGNS if sign in cell}
    if len(signs) == 1:
        sign = signs.pop()
        why = f"amounts carry {sign}"
        found["instruments.currency"] = Proposed(
            "", "instruments.currency", {"value": CURRENCY_SIGNS[sign]}, UNSURE, why, [sign]
        )


def _as_they_stand(tape: Tape) -> list[JsonObject]:
    """Of a file whose columns nothing names yet."""
    head = tape.with_rows(np.arange(len(tape.rows)) < ROWS_SHOWN)
    return [
        {
            "row": int(head.rows[row]),
            "cells": {
                label: {"text": text, "read": text}
                for label, cells in head.columns.items()
                if (text := cells.text_at(row)) is not None
            },
        }
        for row in range(len(head.rows))
    ]


def _rows(tape: Tape, said: JsonObject) -> list[JsonObject]:
    """The first rows as the proposal reads them: `text` is what stands in the file, `read` what becomes of it."""
    mapping, shown = MappingDocument.model_validate(said), []
    head = tape.with_rows(np.arange(len(tape.rows)) < ROWS_SHOWN)
    columns = {}
    for target, source in mapping.columns.items():
        label = head.column(source.column) if source.column is not None else None
        columns[target] = (label, read_column(head, target, source, label, mapping, Findings()))
    for row in range(len(head.rows)):
        cells = {
            target: {"text": head.columns[label].text_at(row) if label else None, "read": cells.text_at(row)}
            for target, (label, cells) in columns.items()
        }
        shown.append({"row": int(head.rows[row]), "cells": cells})
    return shown

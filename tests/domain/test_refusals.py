"""Everything that is refused is of one family: a code, a message and a fix."""

import ast
from pathlib import Path

import pytest

from commands.refusals import InvalidInput, UnknownRun
from domain.refusals import Conflict, Refused, Unavailable
from domain.runs.run import RunRefused
from domain.valuation_models import ModelRefused
from ops.adapters.database import DatabaseProblem
from ops.embedded_postgres.errors import EmbeddedPostgresError
from query_api.errors import BadQuery, Busy, NoHistory, NotAcceptable, NotFound, NotProvable, NotQueryable, NotYet
from query_api.http.problems import status_of

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for package in ("commands", "domain", "ops", "projections", "query_api", "compute")
    for path in sorted((ROOT / package).rglob("*.py"))
]
BUILT_IN = {"Exception", "ValueError", "LookupError", "KeyError", "RuntimeError", "OSError", "TypeError"}
PART_OF_A_REPORT = {"_Refused", "UnreadableQuote"}
"""What is wrong with a workbook, or with a quote of a market, is one finding among others, and never raised further."""


def exceptions_with_a_fix(path: Path) -> list[str]:
    """Classes that derive from nothing but built-in exceptions, and take a fix."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef) and node.bases:
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            arguments = {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
            if bases and bases <= BUILT_IN and "fix" in arguments and node.name != "Refused":
                found.append(node.name)
    return found


def test_whatever_has_a_fix_is_of_the_family() -> None:
    assert {name for path in SOURCES for name in exceptions_with_a_fix(path)} <= PART_OF_A_REPORT


@pytest.mark.parametrize(
    ("refused", "code", "status"),
    [
        (Refused("SOME_CODE", "no", "fix"), "SOME_CODE", 422),
        (InvalidInput("INVALID_MARKET", "no", "fix"), "INVALID_MARKET", 422),
        (UnknownRun("r"), "UNKNOWN_RUN", 404),
        (Conflict("MOVED", "no", "fix"), "MOVED", 409),
        (Conflict("IDEMPOTENCY_KEY_REUSED", "no", "fix"), "IDEMPOTENCY_KEY_REUSED", 422),
        (RunRefused("no", "fix"), "RUN_REFUSED", 409),
        (ModelRefused("no", "fix"), "MODEL_REFUSED", 409),
        (BadQuery("no", "fix"), "BAD_QUERY", 422),
        (NoHistory("no", "fix"), "NO_HISTORY", 422),
        (NotFound("no", "fix"), "NOT_FOUND", 404),
        (NotQueryable("no", "fix", progress=0.5), "RUN_NOT_QUERYABLE", 409),
        (NotYet("no", "fix"), "READ_MODEL_BEHIND", 409),
        (NotProvable("no", "fix"), "NOT_PROVABLE", 409),
        (NotAcceptable("no", "fix"), "NOT_ACCEPTABLE", 406),
        (Busy("no", "fix"), "BUSY", 503),
        (DatabaseProblem("DATABASE_TOO_OLD", "no", "fix"), "DATABASE_TOO_OLD", 503),
        (EmbeddedPostgresError("POSTGRES_CLUSTER_GONE", "no", "fix"), "POSTGRES_CLUSTER_GONE", 503),
        (Unavailable("ARCHIVE_UNREACHABLE", "no", "fix"), "ARCHIVE_UNREACHABLE", 503),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Refused) else "",
)
def test_one_table_has_the_status_of_each(refused: Refused, code: str, status: int) -> None:
    assert (refused.code, status_of(refused)) == (code, status)
    assert refused.message and refused.fix

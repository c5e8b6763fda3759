"""schemathesis over a server: whatever its own OpenAPI document allows, and much that it does not, is asked of every
operation; no answer is a fault of the server's, and none is undocumented."""

import time
from collections.abc import Iterator
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

CHECKED = ("status_code_conformance", "content_type_conformance", "response_headers_conformance")
BOTH_WAYS = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
"""As the description allows, and as it does not."""
SECONDS = 60
"""Of one answer."""
UPLOADS = ("application/zip", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
TABLES = ("text/csv", "application/vnd.apache.parquet")

for kind in UPLOADS + TABLES:
    schemathesis.openapi.media_type(kind, st.binary(max_size=200))


def operations(url: str) -> Iterator[Any]:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", timeout=SECONDS)
    for found in schema.get_all_operations():
        operation: Any = found
        yield operation.ok()


def fuzzed(
    operation: Any,
    examples: int,
    url: str,
    seconds: float = float("inf"),
    headers: dict[str, str] | None = None,
    modes: tuple[GenerationMode, ...] = BOTH_WAYS,
) -> int:
    """Asks an operation; returns how many answers were looked at. Ids are made up, or are those that are there."""
    checks, until, seen = CHECKS.get_by_names(list(CHECKED)), time.monotonic() + seconds, 0
    for mode in modes:

        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), is_there=st.booleans())
        def ask(case: Any, is_there: bool) -> None:
            nonlocal seen
            if time.monotonic() > until:
                return
            for name in ("run_id", "snapshot_id"):
                if is_there and name in (case.path_parameters or {}):
                    case.path_parameters[name] = "latest"
            answer = case.call(base_url=url, timeout=SECONDS, headers=headers)
            case.validate_response(answer, checks=checks)
            is_busy = answer.status_code == 503 and "retry-after" in answer.headers
            assert answer.status_code < 500 or is_busy, (case.as_curl_command(), answer.text[:2000])
            seen += 1

        try:
            ask()
        except Unsatisfiable:  # an operation that takes nothing takes nothing wrong either
            assert mode is GenerationMode.NEGATIVE
    return seen

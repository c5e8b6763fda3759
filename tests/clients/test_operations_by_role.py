"""Every operation, asked by every role and within a scope: a sample of what `make faults` asks at length."""

import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from domain.access.roles import Role
from ops.access.settings import Access, Auth
from ops.services import build_app
from ops.settings import Settings
from ops.wiring import connected
from tests.clients.conftest import Served
from tests.clients.every_operation import fuzzed, operations
from tests.security.serving import served as on_a_socket

KEYS = Access(Auth.KEYS, requests_per_second=100_000)
SEED = 20261129
WHO = [*((role.value, ()) for role in Role), ("admin", ("--node", "HARBOUR-CONSUMER"))]
NOT_ASKED = {"orchestrator_revoke_key"}
"""An admin would revoke the key that asks."""


@pytest.fixture(scope="module")
def guarded(apart: Served) -> Iterator[tuple[str, Served]]:
    url = apart.local.database_url
    assert url is not None
    with ExitStack() as stack:
        parts = stack.enter_context(connected(Settings(apart.local.home, url), url))
        yield f"http://127.0.0.1:{stack.enter_context(on_a_socket(build_app(parts, access=KEYS)))}", apart


@pytest.fixture(scope="module")
def found(apart: Served) -> list[Any]:
    described = operations(apart.url)
    return [each for each in described if each.definition.raw.get("operationId") not in NOT_ASKED]


def asked_by(
    role: str, nodes: tuple[str, ...], guarded: tuple[str, Served], found: list[Any], most: int, seconds: float
) -> int:
    """So many operations in an order of chance, or as many as the time allows."""
    url, apart = guarded
    made = apart.local.json("key", "create", "--name", f"{role}-asks", "--role", role, *nodes)
    headers, until, seen = {"Authorization": f"Bearer {made['key']}"}, time.monotonic() + seconds, 0
    for operation in random.Random(f"{SEED} {role} {nodes}").sample(found, min(most, len(found))):
        if time.monotonic() < until:
            seen += fuzzed(operation, 2, url, until - time.monotonic(), headers)
    return seen


@pytest.mark.parametrize(("role", "nodes"), WHO)
def test_no_answer_to_a_role_is_a_fault_or_undocumented(
    guarded: tuple[str, Served], found: list[Any], role: str, nodes: tuple[str, ...]
) -> None:
    assert asked_by(role, nodes, guarded, found, most=6, seconds=60.0) >= 6


@pytest.mark.long
@pytest.mark.parametrize(("role", "nodes"), WHO)
def test_no_answer_to_a_role_is_a_fault_or_undocumented_at_length(
    guarded: tuple[str, Served], found: list[Any], role: str, nodes: tuple[str, ...]
) -> None:
    assert asked_by(role, nodes, guarded, found, most=len(found), seconds=180.0) > 20

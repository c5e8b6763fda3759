"""Questions of several parts: of one's own node each says what it says to whoever sees all."""

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from commands.define_schedule import define_schedule
from domain.event import Envelope
from tests.security.access.conftest import MINE, OTHERS, Opened

WHEN = {"at": "18:30", "zone": "America/New_York", "market": "latest"}
OF_A_NODE = (
    "risk/compare?from={run}&to={run}&by=total&node={node}",
    "risk/compare?from={run}&to={run}&by=total,currency&node={node}",
    "risk/compare?from={run}&to={run}&by=book&measure=DV01&node={node}",
    "risk/compare/positions?from={run}&to={run}&measure=DV01&node={node}",
    "risk/runs/{run}/quotes?node={node}",
    "results/runs/{run}/totals?by=currency&node={node}",
    "results/runs/{run}/totals?by=product_type,currency&where=pv>0&node={node}",
    "results/runs/{run}/positions?sort=-pv_base&node={node}",
    "cashflow/runs/{run}/ladder?by=currency&node={node}",
)


@pytest.mark.parametrize("template", OF_A_NODE)
def test_of_ones_own_node_it_is_the_same_answer(opened: Opened, template: str) -> None:
    whole, mine = opened.key("viewer"), opened.key("viewer", MINE)
    asked = template.format(run=opened.run_id, node=MINE)
    told, seen = (opened.get(asked, who) for who in (whole, mine))
    assert (seen.status_code, seen.json()) == (200, told.json())
    assert told.headers["etag"] != seen.headers["etag"]


@pytest.mark.parametrize("template", OF_A_NODE)
def test_of_anothers_node_it_is_the_answer_for_no_node(opened: Opened, template: str) -> None:
    mine = opened.key("viewer", MINE)
    said = [opened.get(template.format(run=opened.run_id, node=node), mine) for node in (OTHERS, "NO-SUCH")]
    assert said[0].status_code in (404, 422)
    texts = [each.text.replace(node, "") for each, node in zip(said, (OTHERS, "NO-SUCH"), strict=True)]
    assert texts[0] == texts[1]


def test_a_schedule_is_seen_where_its_portfolio_is(opened: Opened) -> None:
    store, run_id = opened.tenor.store, UUID(opened.run_id)
    asked = opened.tenor.envelope("ada")
    whole, mine = opened.key("viewer"), opened.key("viewer", MINE)
    portfolio = opened.get("portfolio/snapshots", whole).json()[0]["name"]
    for schedule_id, name in (("seen", portfolio), ("unseen", "others")):
        raw = json.dumps({"schedule_id": schedule_id, "portfolio": name, **WHEN}).encode()
        define_schedule(store, Envelope(asked.actor, asked.now, asked.correlation_id), raw)
    ran = UUID(int=77)
    with opened.tenor.database.connect() as connection:
        for schedule_id, run in (("seen", run_id), ("unseen", ran)):
            connection.execute(
                "INSERT INTO schedule_due (schedule_id, due_at, own_day, state, reason, run_id) "
                "VALUES (%s, %s, '2026-01-23', 'REQUESTED', '', %s)",
                (schedule_id, datetime(2026, 1, 23, tzinfo=UTC), run),
            )
    assert {row["schedule_id"] for row in opened.get("orchestrator/schedules", whole).json()} >= {"seen", "unseen"}
    (row,) = opened.get("orchestrator/schedules", mine).json()
    assert (row["schedule_id"], row["last_run_id"]) == ("seen", opened.run_id)
    with opened.tenor.database.connect() as connection:
        connection.execute("UPDATE schedule_due SET run_id = %s WHERE schedule_id = 'seen'", (ran,))
    (row,) = opened.get("orchestrator/schedules", mine).json()
    assert (row["last_run_id"], row["last_at"]) == (None, None)
    unseen, nowhere = (opened.get(f"orchestrator/schedules/{name}", mine) for name in ("unseen", "nowhere"))
    assert (unseen.status_code, unseen.text.replace("unseen", "")) == (404, nowhere.text.replace("nowhere", ""))
    nobody = opened.key("viewer", "NO-SUCH-NODE")
    assert opened.get("orchestrator/schedules", nobody).json() == []

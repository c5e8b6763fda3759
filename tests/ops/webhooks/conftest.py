"""A database, a receiver, and the parts that stand between them, driven by a clock that is handed in."""

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from commands.define_webhook import define_webhook
from commands.processes.outbox import Outbox
from ops.settings import Settings
from ops.webhooks.addresses import check_address
from ops.webhooks.delivery import Delivery
from ops.webhooks.trees import tree_of
from ops.wiring import Tenor
from tests.builders.receiver import Receiver
from tests.builders.receiver import receiver as a_receiver
from tests.builders.sample_run import ASKED, NOW

EVERYTHING = ["run.completed", "run.published", "limit.breached", "ingestion.rejected"]


class Post:
    """The outbox and who sends, over one database."""

    def __init__(self, tenor: Tenor) -> None:
        self.tenor, self.now = tenor, NOW
        self.outbox = Outbox(tenor.store, tenor.database.connect, partial(tree_of, tenor.storage), lambda: self.now)
        self.delivery = Delivery(tenor.store, tenor.database.connect, lambda: self.now, tenor.secrets)

    def define(self, url: str, **more: Any) -> dict[str, Any]:
        document = {"webhook_id": "desk", "url": url, "events": EVERYTHING} | more
        raw = json.dumps(document).encode()
        seal = self.tenor.secrets.seal
        return define_webhook(self.tenor.store, ASKED, raw, check_address, seal, allow_private=True)[0]

    def fill(self) -> None:
        while self.outbox.step():
            pass

    def send(self) -> int:
        """All that is due now."""
        sent = 0
        while self.delivery.step():
            sent += 1
        return sent

    def later(self, **time: float) -> None:
        self.now += timedelta(**time)

    def messages(self) -> list[tuple[Any, ...]]:
        with self.tenor.database.connect() as connection:
            return connection.execute(
                "SELECT webhook_id, event_type, state, tries, last_status FROM webhook_message ORDER BY 1, log_position"
            ).fetchall()


@pytest.fixture
def tenor(database_url: str, tmp_path: Path) -> Iterator[Tenor]:
    tenor = Tenor(Settings(tmp_path, database_url), database_url)
    yield tenor
    tenor.close()


@pytest.fixture
def post(tenor: Tenor) -> Post:
    return Post(tenor)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with a_receiver() as receiver:
        yield receiver

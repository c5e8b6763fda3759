"""What a reader of figures asks, once in five seconds: totals, pages of positions, one position. A locustfile.

The runs, scenarios and positions are those that TENOR_LOAD names, a JSON file: benchmarks/load/__main__.py writes it.
"""

import json
import os
import random
from pathlib import Path
from typing import Any

import gevent
from locust import FastHttpUser, between, task

ASKED: dict[str, Any] = json.loads(Path(os.environ["TENOR_LOAD"]).read_text())
SECONDS_BETWEEN = float(os.environ.get("TENOR_LOAD_PACE", "5"))
PAGE = 100
GROUPS = ("desk", "fund", "book", "currency", "product_type", "rating")


class Reader(FastHttpUser):
    wait_time = between(0.9 * SECONDS_BETWEEN, 1.1 * SECONDS_BETWEEN)
    connection_timeout = network_timeout = 30.0

    def on_start(self) -> None:
        """Nobody keeps step: locust begins its readers in groups, which would ask at the same instant ever after."""
        gevent.sleep(random.uniform(0.0, SECONDS_BETWEEN))

    @task(4)
    def totals(self) -> None:
        self.ask("totals", f"/api/v1/results/runs/{run()}/totals?by={random.choice(GROUPS)}&scenario={scenario()}")

    @task(3)
    def page(self) -> None:
        node = random.choice(ASKED["books"])
        self.ask("page", f"/api/v1/results/runs/{run()}/positions?scenario={scenario()}&node={node}&limit={PAGE}")

    @task(3)
    def position(self) -> None:
        self.ask("position", f"/api/v1/results/runs/{run()}/positions/{random.choice(ASKED['positions'])}")

    def ask(self, name: str, address: str) -> None:
        """A refusal that says when to come back is no error: it is counted by its own name."""
        with self.client.get(address, name=name, catch_response=True) as answer:
            if answer.status_code == 503 and "retry-after" in {each.lower() for each in answer.headers}:
                answer.request_meta["name"] = "refused with Retry-After"
                answer.success()
            elif answer.status_code != 200:
                answer.failure(f"{answer.status_code}")


def run() -> str:
    return str(random.choice(ASKED["runs"]))


def scenario() -> str:
    return str(random.choice(ASKED["scenarios"]))

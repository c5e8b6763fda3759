"""What runs beside the process manager: marts that are asked for, schedules, messages.

Each step is safe beside its rivals, whatever process or machine they are in.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import structlog
from eventsourcing.persistence import PersistenceError

from domain.refusals import Unavailable
from ops.ports import Processes
from projections.engine.runner import DATABASE_AWAY

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 3.0
SENDERS = 3
RECONNECT_SECONDS = 1.0

log = structlog.get_logger()
Step = Callable[[], int]
"""How much it did; 0 when there is nothing to do."""


def steps_of(processes: Processes) -> Sequence[tuple[str, Step]]:
    return [
        *mart_steps(processes),
        *schedule_steps(processes),
        *message_steps(processes),
        *access_log_steps(processes),
    ]


def mart_steps(processes: Processes) -> Sequence[tuple[str, Step]]:
    from ops.marts.following import EVERY, REQUESTS, MartFollower, published, requested

    envelope = processes.sealing.envelope
    steps = [("marts", MartFollower(processes.storage, envelope, REQUESTS, requested).step)]
    if processes.settings.mart:
        steps.append(("marts", MartFollower(processes.storage, envelope, EVERY, published).step))
    return steps


def schedule_steps(processes: Processes) -> Sequence[tuple[str, Step]]:
    from ops.schedules import schedule_process

    schedules, envelope = schedule_process(processes.storage), processes.sealing.envelope
    return [("schedules", lambda: schedules.tick(envelope().now))]


def message_steps(processes: Processes) -> Sequence[tuple[str, Step]]:
    """The outbox, and several who send: a receiver that is slow keeps one of them."""
    from commands.processes.outbox import Outbox
    from ops.webhooks.delivery import Delivery
    from ops.webhooks.sealed_secrets import SecretBox
    from ops.webhooks.trees import tree_of

    store, connect = processes.storage.store, processes.storage.connect

    def now() -> datetime:
        return processes.sealing.envelope().now

    outbox = Outbox(store, connect, partial(tree_of, processes.storage), now)
    box = SecretBox(processes.settings.home)
    senders = [Delivery(store, connect, now, box) for _ in range(SENDERS)]
    return [("outbox", outbox.step), *(("webhooks", each.step) for each in senders)]


def access_log_steps(processes: Processes) -> Sequence[tuple[str, Step]]:
    """Only where somebody has said how long the log is kept."""
    keep = processes.settings.access_log_keep
    if keep is None:
        return []
    from ops.access.pruning import Pruning

    return [("access-log", Pruning(processes.storage.store, processes.sealing.envelope, keep).step)]


def run_companions(processes: Processes, stop: threading.Event) -> None:
    """A thread for each step until `stop`: one that takes long keeps no other from its work.

    None is waited for long: what a step has not ended is begun again by whoever comes next."""
    threads = [
        threading.Thread(target=_repeat, args=(name, step, stop), name=name, daemon=True)
        for name, step in steps_of(processes)
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    until = time.monotonic() + PATIENCE_SECONDS
    for thread in threads:
        thread.join(max(0.0, until - time.monotonic()))


def _repeat(name: str, step: Step, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            if step() == 0:
                stop.wait(POLL_SECONDS)
        except (*DATABASE_AWAY, PersistenceError, Unavailable) as error:
            log.warning("companion.waits", name=name, error=str(error))
            stop.wait(RECONNECT_SECONDS)

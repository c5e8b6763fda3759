"""What the processes of one database are started with."""

from collections.abc import Callable
from dataclasses import dataclass

from commands.processes.run import RunProcess
from ops.settings import Settings
from ops.storage import Sealing, Storage


@dataclass(frozen=True)
class Processes:
    """`manager` plans and completes runs; `close` lets go of every connection."""

    storage: Storage
    sealing: Sealing
    manager: RunProcess
    settings: Settings
    database_url: str
    close: Callable[[], None]

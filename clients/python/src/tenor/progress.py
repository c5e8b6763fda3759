"""A bar on stderr while a run is waited for; lines where stderr is no terminal are too many, so then it is silent but
for the end."""

import sys
import time
from dataclasses import dataclass, field
from typing import Any, TextIO

WIDTH = 30


@dataclass
class Bar:
    """Told of a run's progress, as often as may be."""

    out: TextIO = field(default_factory=lambda: sys.stderr)
    _started: float = field(default_factory=time.monotonic)
    _shown: str = ""

    def __call__(self, said: dict[str, Any]) -> None:
        is_over = "queryable" in said
        if not (self.out.isatty() or is_over):
            return
        line = self.line_of(said)
        if line != self._shown:
            self.out.write(f"\r{line:<{len(self._shown)}}" + ("\n" if is_over else ""))
            self.out.flush()
            self._shown = "" if is_over else line

    def line_of(self, said: dict[str, Any]) -> str:
        chunks, done = said["progress"]["chunks"] or 0, said["progress"]["chunks_done"] or 0
        full = round(WIDTH * done / chunks) if chunks else 0
        bar, seconds = "#" * full + "." * (WIDTH - full), time.monotonic() - self._started
        return f"{said['run_id'][:8]} [{bar}] {done}/{chunks} {said['status']} {seconds:.0f} s"

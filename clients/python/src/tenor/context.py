"""What calls inside a `with` are not told: a portfolio, a market, scenarios, measures, whether to show progress."""

from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any

_OPEN: ContextVar[tuple["RunContext", ...]] = ContextVar("tenor_run_contexts", default=())


class RunContext:
    """`with tenor.RunContext(market="latest", measures=["PV"], show_progress=True): …`; the innermost that says a thing
    wins, and what a call says itself wins over all."""

    def __init__(self, *, show_progress: bool | None = None, **submit: Any) -> None:
        unknown = sorted(set(submit) - SUBMIT)
        if unknown:
            raise TypeError(f"RunContext takes {', '.join(sorted(SUBMIT))} and show_progress, not {unknown[0]}")
        self.show_progress, self.submit = show_progress, submit
        self._token: Token[tuple[RunContext, ...]] | None = None

    def __enter__(self) -> "RunContext":
        self._token = _OPEN.set((*_OPEN.get(), self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._token is not None:
            _OPEN.reset(self._token)
            self._token = None


SUBMIT = frozenset(
    {
        "portfolio",
        "market",
        "scenarios",
        "measures",
        "base_currency",
        "cashflows",
        "policy",
        "rules",
        "require_approved_models",
    }
)


def said_of_a_run(**told: Any) -> dict[str, Any]:
    """What is told, over what the contexts say."""
    said: dict[str, Any] = {}
    for context in _OPEN.get():
        said |= context.submit
    return said | {name: value for name, value in told.items() if value is not None}


def shows_progress(told: bool | None) -> bool:
    if told is not None:
        return told
    said = [each.show_progress for each in _OPEN.get() if each.show_progress is not None]
    return said[-1] if said else False

"""The refusals that several commands share."""

from domain.refusals import Refused, Unknown


class UnknownSnapshot(Unknown):
    def __init__(self, what: str, snapshot_id: str, fix: str | None = None) -> None:
        listed = f"see `tenor {what} list`"
        super().__init__("UNKNOWN_SNAPSHOT", f"there is no {what} snapshot {snapshot_id!r}", fix or listed)


class UnknownScenario(Unknown):
    def __init__(self, reference: str) -> None:
        super().__init__(
            "UNKNOWN_SCENARIO",
            f"there is no scenario {reference!r}",
            "define it with `tenor scenario define`, or see `tenor scenario list`",
        )


class UnknownRun(Unknown):
    def __init__(self, run_id: str, fix: str = "see `tenor run list`") -> None:
        super().__init__("UNKNOWN_RUN", f"there is no run {run_id!r}", fix)


class UnknownModel(Unknown):
    def __init__(self, reference: str) -> None:
        super().__init__("UNKNOWN_MODEL", f"there is no model {reference!r}", "see `tenor model list`")


class InvalidInput(Refused):
    """What was brought cannot be stored; nothing was."""

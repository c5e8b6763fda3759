"""The refusals that several commands share."""

from domain.documents import nearest
from domain.refusals import Refused, Unknown
from domain.valuation_models import BY_NAME


class UnknownSnapshot(Unknown):
    def __init__(self, what: str, snapshot_id: str, fix: str | None = None) -> None:
        listed = f"see `tenor {what} list`"
        super().__init__("UNKNOWN_SNAPSHOT", f"there is no {what} snapshot {snapshot_id!r}", fix or listed)


class UnknownScenario(Unknown):
    """A scenario, a set (`@name`), or a version of one of which there are `versions`."""

    def __init__(self, reference: str, versions: int = 0) -> None:
        self.reference, self.versions = reference, versions
        command = "set" if reference.startswith("@") else "define"
        fix = f"define it with `tenor scenario {command}`, or see `tenor scenario list`"
        what = "scenario set" if reference.startswith("@") else "scenario"
        super().__init__(
            "UNKNOWN_SCENARIO",
            f"there is no {what} {reference!r}",
            f"its versions are 1 to {versions}" if versions else fix,
        )


class UnknownRun(Unknown):
    def __init__(self, run_id: str, fix: str = "see `tenor run list`") -> None:
        super().__init__("UNKNOWN_RUN", f"there is no run {run_id!r}", fix)


class UnknownModel(Unknown):
    def __init__(self, reference: str) -> None:
        near = nearest(reference.partition("@")[0], BY_NAME)
        fix = f"the nearest: {near}, in versions 1 to {BY_NAME[near].version}" if near else "see `tenor model list`"
        super().__init__("UNKNOWN_MODEL", f"there is no model {reference!r}", fix)


class InvalidInput(Refused):
    """What was brought cannot be stored; nothing was."""

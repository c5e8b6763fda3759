"""What can be wrong with an archive, said with its fix."""

from uuid import UUID

from domain.refusals import Conflict, Refused, Unavailable


class ArchiveUnreachable(Unavailable):
    """The destination refuses, or is not there."""

    def __init__(self, url: str, error: BaseException) -> None:
        message = f"the archive {url} cannot be used: {str(error).strip() or type(error).__name__}"
        fix = "check the destination, its credentials (AWS_PROFILE, AWS_ACCESS_KEY_ID) and AWS_ENDPOINT_URL"
        super().__init__("ARCHIVE_UNREACHABLE", message, fix)


class ArchiveIncomplete(Refused):
    def __init__(self, url: str, name: str) -> None:
        fix = "give the destination that `tenor archive list` names, or restore its files from a backup"
        super().__init__("ARCHIVE_INCOMPLETE", f"{url} has no {name}", fix)


class ArchiveDamaged(Refused):
    """Bytes or numbers are not those that were archived. Nothing is changed."""

    def __init__(self, what: str, said: str, found: str) -> None:
        message = f"{what} is damaged or another's: its hash is {found[:16]}…, it should be {said[:16]}…"
        super().__init__("ARCHIVE_DAMAGED", message, "bring back an earlier version of it, or another copy")


class RunWorkedOn(Conflict):
    def __init__(self, run_id: UUID, jobs: int) -> None:
        super().__init__(
            "RUN_WORKED_ON", f"{jobs} jobs of run {run_id} are still at work", "archive it when they are done"
        )

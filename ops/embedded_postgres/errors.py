"""What can be wrong with the embedded server, said so that the reader can mend it."""

from dataclasses import dataclass

from domain.refusals import Unavailable


@dataclass(frozen=True, slots=True)
class Diagnosis:
    code: str
    message: str
    fix: str


class EmbeddedPostgresError(Unavailable):
    """The embedded server cannot do as asked."""

    def __str__(self) -> str:
        return f"{self.message}. {self.fix}"

    @property
    def problem(self) -> Diagnosis:
        return Diagnosis(self.code, self.message, self.fix)

"""Four eyes: whether two actors are one person, as their keys say."""

from commands.manage_keys import keys_of
from domain.access.keys import are_one_person
from domain.ports import EventStore
from domain.runs.run import SamePerson
from ops.access.settings import four_eyes


def two_looks(store: EventStore) -> SamePerson | None:
    """None where the setting asks for no second person."""
    if not four_eyes():
        return None
    return lambda one, other: are_one_person(keys_of(store), one, other)

"""Define policies: each is versioned, and a run names the version that it goes by."""

from commands.define_scenario import invalid_input
from commands.once import once, use_before
from domain.answered_commands import Key
from domain.capital import policies as book
from domain.capital.policies import CODES, InvalidPolicy, parse_policy
from domain.event import Envelope
from domain.ports import EventStore
from domain.refusals import Unknown
from domain.scenarios.versions import split_reference


def define_policy(
    store: EventStore, envelope: Envelope, raw: bytes, *, key: Key | None = None
) -> tuple[dict[str, object], int]:
    """The version, and where the log has it; the same document again is the same version."""
    use_before(store, key)
    try:
        document = parse_policy(raw)
    except InvalidPolicy as invalid:
        code = invalid.problems[0].code if invalid.problems[0].code in CODES else "INVALID_POLICY"
        raise invalid_input(code, "the policy cannot be used", invalid) from invalid
    said = document.model_dump(mode="json", exclude_none=True)
    return once(store, envelope, key, lambda: _decide(store, envelope, document.policy_id, said))


def _decide(
    store: EventStore, envelope: Envelope, policy_id: str, said: dict[str, object]
) -> tuple[list[book.PolicyDefined], dict[str, object]]:
    policies = policies_of(store)
    events = book.define(policies, envelope, policy_id, said)
    return events, {"policy_id": policy_id, "version": len(policies.versions.get(policy_id, ())) + len(events)}


def policies_of(store: EventStore) -> book.Policies:
    events = store.stream(book.policies_stream())
    return book.fold([event for event in events if isinstance(event, book.PolicyDefined)])


def policy_pinned(store: EventStore, reference: str) -> tuple[str, dict[str, object]]:
    """`id@version` and the document; the latest version where none is named."""
    name, version = split_reference(reference)
    versions = policies_of(store).versions.get(name, ())
    wanted = len(versions) if version is None else version
    if not 1 <= wanted <= len(versions):
        fix = "define it with `tenor policy define`, or see `tenor policy list`"
        raise Unknown("UNKNOWN_POLICY", f"there is no policy {reference!r}", fix)
    return f"{name}@{wanted}", versions[wanted - 1]


def listed_policies(store: EventStore) -> list[dict[str, object]]:
    """The latest version of each, by name."""
    versions = policies_of(store).versions
    return [{"policy_id": name, "version": len(versions[name])} for name in sorted(versions)]

"""Define policies: each is versioned, and a run names the version that it goes by."""

from dataclasses import dataclass
from typing import cast

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


def approve_policy(
    store: EventStore, envelope: Envelope, reference: str, reason: str = "", *, key: Key | None = None
) -> tuple[dict[str, object], int]:
    """The version that is approved now, and where the log has it; a repeat changes nothing."""

    def decided() -> tuple[list[book.PolicyApproved], dict[str, object]]:
        policies = policies_of(store)
        name, version = _known(policies, reference)
        return book.approve(policies, envelope, name, version, reason), {"policy_id": name, "version": version}

    return once(store, envelope, key, decided)


def policies_of(store: EventStore) -> book.Policies:
    return book.fold(cast(list[book.PolicyEvent], store.stream(book.policies_stream())))


@dataclass(frozen=True)
class PolicyPinned:
    reference: str
    """`id@version`"""
    document: dict[str, object]
    status: book.PolicyStatus


def policy_pinned(store: EventStore, reference: str) -> PolicyPinned:
    """The latest version where none is named."""
    policies = policies_of(store)
    name, version = _known(policies, reference)
    document = policies.versions[name][version - 1]
    return PolicyPinned(f"{name}@{version}", document, policies.status(name, version))


def _known(policies: book.Policies, reference: str) -> tuple[str, int]:
    name, version = split_reference(reference)
    count = len(policies.versions.get(name, ()))
    wanted = count if version is None else version
    if not 1 <= wanted <= count:
        fix = "define it with `tenor policy define`, or see `tenor policy list`"
        raise Unknown("UNKNOWN_POLICY", f"there is no policy {reference!r}", fix)
    return name, wanted


def listed_policies(store: EventStore) -> list[dict[str, object]]:
    """The latest version of each, by name."""
    versions = policies_of(store).versions
    return [{"policy_id": name, "version": len(versions[name])} for name in sorted(versions)]


def policy_as_defined(store: EventStore, reference: str) -> dict[str, object]:
    """A version of a policy with its document, who defined it, and the version since which each limit is as it is."""
    events = cast(list[book.PolicyEvent], store.stream(book.policies_stream()))
    policies = book.fold(events)
    name, version = _known(policies, reference)
    defined = [each for each in events if isinstance(each, book.PolicyDefined) and each.policy_id == name]
    said = defined[version - 1]
    return {
        "policy_id": name,
        "version": version,
        "latest_version": len(defined),
        "status": policies.status(name, version),
        "defined_at": said.timestamp,
        "actor": said.actor,
        "document": said.document,
        "limits_since": book.limits_since([each.document for each in defined[:version]]),
    }

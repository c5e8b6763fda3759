"""Who asks: an actor with a role and a scope."""

from dataclasses import dataclass

from domain.access.roles import Right, Role, may

EVERYTHING = "*"

Nodes = tuple[str, ...] | None
"""Ids of nodes of the portfolio tree, in order; None: everything."""


@dataclass(frozen=True)
class Principal:
    """`auth` says how we know: local, keys or oidc. `key_id` where it was a key."""

    actor: str
    role: Role
    nodes: Nodes
    auth: str
    key_id: str | None = None

    @property
    def is_whole(self) -> bool:
        return self.nodes is None

    @property
    def is_local(self) -> bool:
        return self.auth == "local"

    @property
    def nodes_said(self) -> list[str]:
        return [EVERYTHING] if self.nodes is None else list(self.nodes)

    def may(self, right: Right) -> bool:
        return may(self.role, right)


LOCAL = Principal("local", Role.ADMIN, None, "local")
"""Whoever reaches a loopback server without keys, and the command line on a database."""


def scope_of(role: Role, nodes: list[str] | tuple[str, ...]) -> Nodes:
    """An auditor reads in every scope, whatever the list says."""
    if role is Role.AUDITOR or EVERYTHING in nodes:
        return None
    return tuple(sorted(set(nodes)))

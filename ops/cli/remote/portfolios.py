"""Portfolios of a server as data: trees by name, segments, differences, histories."""

import json

from ops.cli.portfolios import data
from ops.cli.remote.asking import At, Options
from ops.cli.remote.results import named

PORTFOLIO = "/api/v1/portfolio"


def tree(at: At) -> None:
    found = at.get(f"{PORTFOLIO}/hierarchies/{named(at['portfolio'])}", **at.some("as_of_event"))
    at.output.show(found, *map(data.node_line, found["nodes"]))


def create_node(at: At) -> None:
    body = at.some("kind", "name", node_id="node", parent_id="parent")
    changed(at, f"{PORTFOLIO}/hierarchies/{named(at['portfolio'])}/nodes", body)


def move_node(at: At) -> None:
    changed(at, f"{node_of(at)}/move", at.some(parent_id="parent"))


def rename_node(at: At) -> None:
    changed(at, f"{node_of(at)}/rename", at.some("name"))


def close_node(at: At) -> None:
    changed(at, f"{node_of(at)}/close", at.some("reason"))


def node_of(at: At) -> str:
    return f"{PORTFOLIO}/hierarchies/{named(at['portfolio'])}/nodes/{named(at['node'])}"


def changed(at: At, path: str, body: Options) -> None:
    data.show_changed(at.output, at.post(path, json.dumps(body).encode()))


def segments(at: At) -> None:
    asked = at.some("by", "node", "amount", "weighted", "concentration", "top")
    rows = at.get(f"{PORTFOLIO}/snapshots/{named(at['snapshot'])}/segments", **asked)
    at.output.show(rows, *map(data.segment_line, rows))


def bands(at: At) -> None:
    rows = at.get(f"{PORTFOLIO}/bands")
    at.output.show(rows, *map(data.bands_line, rows))


def compare(at: At) -> None:
    rows = at.get(f"{PORTFOLIO}/snapshots/{named(at['later'])}/changes", since=at["earlier"])
    at.output.show(rows, *(line for row in rows for line in data.comparison_lines(row)))


def history(at: At) -> None:
    table, key = data.thing_of(at["instrument"], at["issuer"])
    rows = at.get(f"{PORTFOLIO}/{table}/{named(key)}/history", portfolio=at["portfolio"])
    at.output.show(rows, *map(data.history_line, rows))

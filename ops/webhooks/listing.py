"""Webhooks and what has become of their messages. Secrets are in no answer but the first."""

from typing import Any

from commands.processes.outbox import webhooks_of
from ops.ports import Storage

MOST_LETTERS = 100
"""Dead letters of a webhook that are listed; all are counted."""

COUNT = """
SELECT webhook_id, count(*) FILTER (WHERE state = 'WAITING'), count(*) FILTER (WHERE state = 'DELIVERED'),
       count(*) FILTER (WHERE state = 'DEAD'), max(ended_at) FILTER (WHERE state = 'DELIVERED')
  FROM webhook_message GROUP BY webhook_id
"""
SELECT_DEAD = """
SELECT message_id, event_type, log_position, made_at, tries, last_status, last_error, ended_at FROM webhook_message
 WHERE webhook_id = %s AND state = 'DEAD' ORDER BY log_position DESC LIMIT %s
"""
LETTER = ("message_id", "type", "event_position", "made_at", "tries", "last_status", "last_error", "given_up_at")


def listed_webhooks(storage: Storage, webhook_id: str | None = None) -> list[dict[str, Any]]:
    active = webhooks_of(storage.store).active
    wanted = sorted(active) if webhook_id is None else [webhook_id] if webhook_id in active else []
    with storage.connect() as connection:
        counts = {row[0]: row[1:] for row in connection.execute(COUNT).fetchall()}
        dead = {name: connection.execute(SELECT_DEAD, (name, MOST_LETTERS)).fetchall() for name in wanted}
    return [_line(name, active[name], counts.get(name, (0, 0, 0, None)), dead[name]) for name in wanted]


def _line(name: str, webhook: Any, counts: Any, dead: list[Any]) -> dict[str, Any]:
    waiting, delivered, given_up, last_at = counts
    return {
        "webhook_id": name,
        "version": webhook.version,
        "url": webhook.document.url,
        "events": list(webhook.document.events),
        "nodes": list(webhook.document.nodes or ()),
        "allow_private": webhook.allow_private,
        "waiting": waiting,
        "delivered": delivered,
        "dead": given_up,
        "last_delivered_at": last_at,
        "dead_letters": [dict(zip(LETTER, row, strict=True)) for row in dead],
    }

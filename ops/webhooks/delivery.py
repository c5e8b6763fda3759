"""Messages of the outbox on their way: claimed for a while, sent, and what came of it written down.

    WAITING ── taken (2xx) ──> DELIVERED
       │  └─ not taken ─> WAITING, later each time, for a day
       └── 410, or a day is over ──> DEAD ── replay ──> WAITING

Killed while it sends, a message is sent again when the claim runs out, under the same id. One message of a webhook is
on its way at a time: a receiver that is slow holds up nobody else.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from commands.processes.outbox import webhooks_of
from domain.ports import EventStore
from domain.refusals import Unavailable
from ops.ports import Connect
from ops.webhooks.sealed_secrets import SecretBox
from ops.webhooks.sending import Answer, Sending, send

DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800))
FOR_A_DAY = timedelta(days=1)
CLAIM = timedelta(seconds=90)
"""Longer than an attempt can last, names to be resolved among it."""
KEPT = timedelta(days=7)
"""Delivered messages, for whoever asks."""
GONE = 410

CLAIM_ONE = """
UPDATE webhook_message m SET claimed_until = %(until)s, tries = tries + 1
 WHERE (m.webhook_id, m.log_position) = (
       SELECT w.webhook_id, w.log_position FROM webhook_message w
        WHERE w.state = 'WAITING' AND w.next_at <= %(now)s AND (w.claimed_until IS NULL OR w.claimed_until <= %(now)s)
          AND NOT EXISTS (SELECT FROM webhook_message o
                           WHERE o.webhook_id = w.webhook_id AND o.state = 'WAITING' AND o.claimed_until > %(now)s)
        ORDER BY w.next_at, w.log_position LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING m.webhook_id, m.log_position, m.message_id, m.event_type, m.body, m.tries, m.first_at,
          (SELECT array_remove(ARRAY[secret, CASE WHEN previous_until > %(now)s THEN previous END], NULL)
             FROM webhook_secret s WHERE s.webhook_id = m.webhook_id)
"""
ENDED = """
UPDATE webhook_message SET state = %s, last_status = %s, last_error = %s, ended_at = %s, claimed_until = NULL
 WHERE webhook_id = %s AND log_position = %s AND state = 'WAITING' AND tries = %s
"""
AGAIN = """
UPDATE webhook_message SET last_status = %s, last_error = %s, next_at = %s, claimed_until = NULL
 WHERE webhook_id = %s AND log_position = %s AND state = 'WAITING' AND tries = %s
"""
FORGET_OLD = "DELETE FROM webhook_message WHERE state = 'DELIVERED' AND ended_at < %s"

Send = Callable[[Sending, Sequence[str], int], Answer]
log = structlog.get_logger()


@dataclass(frozen=True)
class Claimed:
    webhook_id: str
    log_position: int
    message_id: str
    event_type: str
    body: str
    tries: int
    first_at: datetime
    secrets: list[str] | None
    """sealed, the newest first"""


class Delivery:
    def __init__(
        self, store: EventStore, connect: Connect, now: Callable[[], datetime], box: SecretBox, send: Send = send
    ) -> None:
        self._store, self._connect, self._now, self._box, self._send = store, connect, now, box, send
        self._forgotten_at: datetime | None = None

    def step(self) -> int:
        """One attempt at the message that has waited longest; 0 where none is due."""
        now = self._now()
        self._forget_old(now)
        with self._connect() as connection:
            row = connection.execute(CLAIM_ONE, {"now": now, "until": now + CLAIM}).fetchone()
        if row is None:
            return 0
        claimed = Claimed(*row)
        webhook = webhooks_of(self._store).active.get(claimed.webhook_id)
        if webhook is None or claimed.secrets is None:
            return 1  # it is being dropped, and its messages with it
        sending = Sending(claimed.message_id, claimed.body, webhook.document.url, webhook.allow_private)
        self._record(claimed, self._sent(sending, claimed.secrets, int(now.timestamp())))
        return 1

    def _sent(self, sending: Sending, sealed: Sequence[str], timestamp: int) -> Answer:
        try:
            secrets = [self._box.open(each) for each in sealed]
        except Unavailable as error:
            return Answer(None, f"{error.message}: {error.fix}")
        return self._send(sending, secrets, timestamp)

    def _record(self, claimed: Claimed, answer: Answer) -> None:
        now = self._now()
        place = (claimed.webhook_id, claimed.log_position, claimed.tries)
        told = {"webhook": claimed.webhook_id, "message": claimed.message_id, "tries": claimed.tries}
        with self._connect() as connection:
            if answer.is_taken:
                connection.execute(ENDED, ("DELIVERED", answer.status, None, now, *place))
                log.info("webhook.delivered", **told)
            elif (next_at := self._next_at(claimed, answer, now)) is None:
                connection.execute(ENDED, ("DEAD", answer.status, answer.error, now, *place))
                log.error("webhook.given_up", error=answer.error, **told)
            else:
                connection.execute(AGAIN, (answer.status, answer.error, next_at, *place))
                log.warning("webhook.not_taken", error=answer.error, next_at=next_at.isoformat(), **told)

    def _next_at(self, claimed: Claimed, answer: Answer, now: datetime) -> datetime | None:
        """None when it is given up: after a day, or at once where the receiver says that it is gone."""
        delay = max(DELAYS[min(claimed.tries, len(DELAYS)) - 1], timedelta(seconds=answer.retry_after_seconds))
        next_at = now + delay
        return None if answer.status == GONE or next_at > claimed.first_at + FOR_A_DAY else next_at

    def _forget_old(self, now: datetime) -> None:
        if self._forgotten_at is None or now - self._forgotten_at > timedelta(hours=1):
            self._forgotten_at = now
            self._box.seal_plain_ones(self._connect)
            with self._connect() as connection:
                connection.execute(FORGET_OLD, (now - KEPT,))

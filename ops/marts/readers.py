"""Login roles for other tools: each may read schema mart alone, and there the rows of its nodes.

A role is made, granted and bound to its nodes in the transaction of its event. The password is shown once: Postgres
is given its verifier, so that it stands in no statement and no log.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.errors import InsufficientPrivilege
from psycopg.sql import SQL, Identifier, Literal

from domain.event import Envelope, Event
from domain.ports import Connection, EventStore
from domain.refusals import Conflict, Refused, Unavailable, Unknown
from domain.runs.marts import MartReaderCreated, MartReaderDropped, reader_stream
from ops.ports import Storage

EVERY_NODE = "*"
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
RESERVED = re.compile(r"pg_.*|tenor_.*|public|none|current_user|current_role|session_user|user|postgres")
COMMENT = "Reads Tenor's schema mart."
TABLES = ("run", "position_result", "total", "total_detail")
PASSWORD_BYTES = 24

ROLE_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = %s)"
IS_OURS = "SELECT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = %s AND shobj_description(r.oid, 'pg_authid') = %s)"
# A statement of an account without CREATEROLE is refused here: only whoever logged in may have it, never tenor_app.
AS_ACCOUNT = "SET LOCAL ROLE NONE"
AS_APPLICATION = "SET LOCAL ROLE tenor_app"
CREATE_ROLE = SQL(
    "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS "
    "PASSWORD {verifier}"
)
COMMENT_ROLE = SQL("COMMENT ON ROLE {role} IS {comment}")
READ_ONLY = SQL("ALTER ROLE {role} SET default_transaction_read_only = on")
GRANT_SCHEMA = SQL("GRANT USAGE ON SCHEMA mart TO {role}")
GRANT_TABLE = SQL("GRANT SELECT ON mart.{table} TO {role}")
REVOKE_TABLES = SQL("REVOKE ALL ON ALL TABLES IN SCHEMA mart FROM {role}")
REVOKE_SCHEMA = SQL("REVOKE ALL ON SCHEMA mart FROM {role}")
DROP_ROLE = SQL("DROP ROLE {role}")
PUT_NODE = "INSERT INTO mart_reader (reader, node_id) VALUES (%s, %s)"
FORGET_NODES = "DELETE FROM mart_reader WHERE reader = %s"
SELECT_READERS = "SELECT reader, array_agg(node_id ORDER BY node_id) FROM mart_reader GROUP BY reader ORDER BY reader"
ACCOUNT = "SELECT session_user::text, current_database()"


class MayNotCreateRoles(Unavailable):
    def __init__(self, account: str) -> None:
        name = Identifier(account).as_string(None)
        super().__init__(
            "CREATEROLE_MISSING",
            f"the account {account} may not create or drop roles; nothing was changed",
            f"let an administrator say: ALTER ROLE {name} CREATEROLE; then ask again",
        )


@dataclass(frozen=True)
class Reader:
    name: str
    password: str
    nodes: list[str]
    database: str
    event_position: int


def create_reader(storage: Storage, envelope: Envelope, name: str, nodes: Sequence[str]) -> Reader:
    """A new role, with a password that nobody can be told again. Without nodes it reads all of them."""
    refuse_name(name)
    seen = sorted(set(nodes)) or [EVERY_NODE]
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    database: list[str] = []

    def in_one_transaction(connection: Connection) -> list[Event]:
        account, here = connection.execute(ACCOUNT).fetchone()
        database.append(here)
        connection.execute(AS_ACCOUNT)
        if connection.execute(ROLE_EXISTS, (name,)).fetchone()[0]:
            raise Conflict("ROLE_EXISTS", f"this server has a role {name!r} already", "choose another name")
        try:
            _create(connection, name, password)
        except InsufficientPrivilege as error:
            raise MayNotCreateRoles(account) from error
        connection.execute(AS_APPLICATION)
        _grant(connection, name, seen)
        version = len(storage.store.stream(reader_stream(name))) + 1
        return [MartReaderCreated(**envelope.at(reader_stream(name), version), reader=name, nodes=seen)]

    position = storage.store.append([], also=in_one_transaction)[-1]
    return Reader(name, password, seen, database[0], position)


def _create(connection: Connection, name: str, password: str) -> None:
    role = Identifier(name)
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(CREATE_ROLE.format(role=role, verifier=Literal(verifier)))
    connection.execute(COMMENT_ROLE.format(role=role, comment=Literal(COMMENT)))
    connection.execute(READ_ONLY.format(role=role))


def _grant(connection: Connection, name: str, nodes: list[str]) -> None:
    role = Identifier(name)
    connection.execute(GRANT_SCHEMA.format(role=role))
    for table in TABLES:
        connection.execute(GRANT_TABLE.format(role=role, table=Identifier(table)))
    connection.execute(FORGET_NODES, (name,))
    for node in nodes:
        connection.execute(PUT_NODE, (name, node))


def drop_reader(storage: Storage, envelope: Envelope, name: str) -> int:
    """The log position. A role that Tenor did not make is never dropped."""

    def in_one_transaction(connection: Connection) -> list[Event]:
        account, _ = connection.execute(ACCOUNT).fetchone()
        history = storage.store.stream(reader_stream(name))
        if not history or isinstance(history[-1], MartReaderDropped):
            fix = "`tenor mart reader list` names the readers"
            raise Unknown("UNKNOWN_READER", f"there is no reader {name!r} of schema mart", fix)
        connection.execute(FORGET_NODES, (name,))
        if connection.execute(IS_OURS, (name, COMMENT)).fetchone()[0]:
            _drop(connection, name, account)
        return [MartReaderDropped(**envelope.at(reader_stream(name), len(history) + 1), reader=name)]

    return storage.store.append([], also=in_one_transaction)[-1]


def _drop(connection: Connection, name: str, account: str) -> None:
    role = Identifier(name)
    connection.execute(REVOKE_TABLES.format(role=role))
    connection.execute(REVOKE_SCHEMA.format(role=role))
    connection.execute(AS_ACCOUNT)
    try:
        connection.execute(DROP_ROLE.format(role=role))
    except InsufficientPrivilege as error:
        raise MayNotCreateRoles(account) from error
    except psycopg.errors.DependentObjectsStillExist as error:
        message = f"the role {name} owns or may use something outside of schema mart"
        fix = f"let an administrator say: DROP OWNED BY {role.as_string(None)}; then ask again"
        raise Conflict("READER_HAS_MORE", message, fix) from error
    connection.execute(AS_APPLICATION)


def listed_readers(storage: Storage) -> list[dict[str, Any]]:
    with storage.connect() as connection:
        rows = connection.execute(SELECT_READERS).fetchall()
    return [{"name": name, "nodes": nodes, "created_at": created_at(storage.store, name)} for name, nodes in rows]


def created_at(store: EventStore, name: str) -> datetime | None:
    created = [event for event in store.stream(reader_stream(name)) if isinstance(event, MartReaderCreated)]
    return created[-1].timestamp if created else None


def refuse_name(name: str) -> None:
    if not NAME.fullmatch(name) or RESERVED.fullmatch(name):
        message = f"{name!r} cannot be the name of a reader"
        fix = "use small letters, digits and underscores, a letter first, at most 63; not pg_… and not tenor_…"
        raise Refused("BAD_READER_NAME", message, fix)

"""What the account that migrates must be allowed to do, tried out and undone before anything is changed.

An owner of its database need not be able to create roles: the one that the application acts as, and the one that it
reads as for others, can be made by an administrator, once, with the statements that we say.
"""

from typing import Any

import psycopg
from psycopg import errors
from psycopg.sql import SQL, Identifier

Connection = psycopg.Connection[Any]
ROLE = Identifier("tenor_app")
READER = Identifier("tenor_reader")
ROLE_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenor_app')"
SELECT_RIGHTS = (
    "SELECT current_user, current_database(), has_database_privilege(current_database(), 'CREATE'), "
    "has_schema_privilege('public', 'CREATE')"
)
CREATE_ROLE = SQL("CREATE ROLE {role} NOLOGIN")
GRANT_ROLE = SQL("GRANT {role} TO {account}")
GRANT_DATABASE = SQL("GRANT CREATE ON DATABASE {database} TO {account}")
GRANT_SCHEMA = SQL("GRANT CREATE, USAGE ON SCHEMA public TO {account}")
ACT_AS = SQL("SET LOCAL ROLE {role}")
CREATE_READER = SQL("CREATE ROLE {reader} NOLOGIN")
GRANT_READER = SQL("GRANT {reader} TO {role}")
READER_EXISTS = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = 'tenor_reader')"
IS_MEMBER = """
SELECT coalesce(bool_or(pg_has_role(a.oid, r.oid, 'MEMBER')), false) FROM pg_roles a CROSS JOIN pg_roles r
 WHERE a.rolname = 'tenor_app' AND r.rolname = 'tenor_reader'
"""
READ_AS = SQL("SET LOCAL ROLE {reader}")
BECOMING_APPLICATION: tuple[tuple[SQL, ...], ...] = ((), (GRANT_ROLE,), (CREATE_ROLE, GRANT_ROLE))
BECOMING_READER: tuple[tuple[SQL, ...], ...] = ((), (GRANT_READER,), (CREATE_READER, GRANT_READER))


def missing_rights(connection: Connection) -> list[str]:
    """What an administrator would have to say for the account to be able to migrate; nothing where it is."""
    row = connection.execute(SELECT_RIGHTS).fetchone()
    assert row is not None
    account, database, may_create_schemas, may_create_tables = row
    statements = []
    if not can_act_as_application(connection, account):
        exists = connection.execute(ROLE_EXISTS).fetchone() == (True,)
        statements += [GRANT_ROLE] if exists else [CREATE_ROLE, GRANT_ROLE]
    if not can_read_as_reader(connection, account):
        exists = connection.execute(READER_EXISTS).fetchone() == (True,)
        statements += [GRANT_READER] if exists else [CREATE_READER, GRANT_READER]
    statements += [] if may_create_schemas else [GRANT_DATABASE]
    statements += [] if may_create_tables else [GRANT_SCHEMA]
    names = {"role": ROLE, "reader": READER, "account": Identifier(account), "database": Identifier(database)}
    return [statement.format(**names).as_string(connection) for statement in statements]


def can_act_as_application(connection: Connection, account: str) -> bool:
    """Member of the role already, or able to make it and to become one: whichever rules this Postgres has for that."""
    return any_works(connection, account, [(*before, ACT_AS) for before in BECOMING_APPLICATION])


def can_read_as_reader(connection: Connection, account: str) -> bool:
    """The application is a member of it, or can be made one."""
    if connection.execute(IS_MEMBER).fetchone() == (True,):
        return True
    ways = [(*first, *then) for first in BECOMING_APPLICATION for then in BECOMING_READER]
    return any_works(connection, account, [(*before, READ_AS) for before in ways])


def any_works(connection: Connection, account: str, ways: list[tuple[SQL, ...]]) -> bool:
    names = {"role": ROLE, "reader": READER, "account": Identifier(account)}
    for statements in ways:
        try:
            with connection.transaction(force_rollback=True):
                for statement in statements:
                    connection.execute(statement.format(**names))
                return True
        except (errors.InsufficientPrivilege, errors.InvalidParameterValue, errors.UndefinedObject):
            continue
        except (errors.DuplicateObject, errors.UniqueViolation):
            continue
    return False

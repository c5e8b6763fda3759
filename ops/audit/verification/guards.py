"""What keeps the log append-only, against what the migrations make: triggers, their functions, and who may do what."""

import re
from importlib.resources import files
from typing import Any

from ops.adapters.database import APPLICATION_ROLE
from ops.audit.verification.findings import Findings

TABLES = ("ledger_events", "fact_block", "blob", "log_checkpoint")
FUNCTION = re.compile(
    r"CREATE (?:OR REPLACE )?FUNCTION (?P<name>\w+)\([^)]*\)(?P<how>.*?)AS \$\$(?P<body>.*?)\$\$", re.S
)
FUNCTIONS = ("refuse_change", "ensure_fact_partition", "drop_archived_fact_partition")
STATEMENT_BEFORE_CHANGE = 58
"""pg_trigger.tgtype: BEFORE (2) DELETE (8) UPDATE (16) TRUNCATE (32), not for each row (1)"""

SELECT_TABLES = (
    "SELECT c.oid, c.relname::text, pg_get_userbyid(c.relowner)::text, "
    "CASE WHEN c.relispartition THEN 'append_only' ELSE c.relname || '_append_only' END FROM pg_class c "
    "WHERE c.oid = ANY (%(tables)s::regclass[]) "
    "OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'fact_block'::regclass) ORDER BY 2"
)
SELECT_TRIGGERS = (
    "SELECT tgname::text, tgenabled = 'A', tgfoid = 'refuse_change'::regproc AND tgtype = %s AND tgqual IS NULL "
    "AND tgattr::text = '' FROM pg_trigger WHERE tgrelid = %s AND NOT tgisinternal"
)
SELECT_RULES = "SELECT rulename::text FROM pg_rewrite WHERE ev_class = %s"
SELECT_FUNCTION = (
    "SELECT p.prosrc, p.prosecdef, coalesce(p.proconfig::text, ''), l.lanname = 'plpgsql', "
    "pg_get_userbyid(p.proowner)::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang "
    "WHERE p.proname = %s AND p.pronamespace = 'public'::regnamespace"
)
SELECT_OWNER = "SELECT pg_get_userbyid(relowner)::text FROM pg_class WHERE oid = 'alembic_version'::regclass"
SELECT_GRANTS = (
    "SELECT r.rolname::text, p.privilege FROM pg_roles r, "
    "unnest('{INSERT,UPDATE,DELETE,TRUNCATE,TRIGGER}'::text[]) p (privilege) "
    "WHERE NOT r.rolsuper AND NOT pg_has_role(r.oid, %(owner)s, 'USAGE') AND r.rolname NOT LIKE 'pg\\_%%' "
    "AND NOT (p.privilege = 'INSERT' AND pg_has_role(r.oid, %(application)s, 'MEMBER')) "
    "AND (has_table_privilege(r.oid, %(table)s::oid, p.privilege) "
    "OR p.privilege IN ('INSERT', 'UPDATE') AND has_any_column_privilege(r.oid, %(table)s::oid, p.privilege))"
)
SELECT_PUBLIC = (
    "SELECT a.privilege_type FROM (SELECT relacl AS acl FROM pg_class WHERE oid = %(table)s UNION ALL "
    "SELECT attacl FROM pg_attribute WHERE attrelid = %(table)s) held, aclexplode(held.acl) a "
    "WHERE a.grantee = 0 AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')"
)
SELECT_APPLICATION = "SELECT rolsuper, rolcreaterole, pg_has_role(oid, %s, 'MEMBER') FROM pg_roles WHERE rolname = %s"
MAY_DROP = (
    "SELECT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee)::text END FROM pg_proc p, "
    "aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a WHERE p.proname = 'drop_archived_fact_partition' "
    "AND p.pronamespace = 'public'::regnamespace AND a.grantee <> p.proowner"
)


def verify_guards(connection: Any, findings: Findings) -> None:
    (owner,) = connection.execute(SELECT_OWNER).fetchone()
    tables = connection.execute(SELECT_TABLES, {"tables": list(TABLES)}).fetchall()
    for table, name, owned_by, trigger in tables:
        if owned_by != owner:
            message = f"it belongs to {owned_by}, who may change it; the migrations were applied by {owner}"
            findings.add("GRANT_ADDED", f"table {name}", message)
        verify_triggers(connection, table, name, trigger, findings)
        verify_grants(connection, table, name, owner, findings)
    for function in FUNCTIONS:
        verify_function(connection, function, owner, findings)
    verify_application(connection, owner, findings)


def verify_triggers(connection: Any, table: int, name: str, expected: str, findings: Findings) -> None:
    """Rules count too: one of them can turn an insert into nothing."""
    found = {each: rest for each, *rest in connection.execute(SELECT_TRIGGERS, (STATEMENT_BEFORE_CHANGE, table))}
    is_on, is_ours = found.pop(expected, (False, True))
    if not is_on:
        message = "the trigger that refuses changes is off or gone: somebody with the owner's rights has done that"
        findings.add("GUARD_OFF", f"table {name}", message)
    if not is_ours:
        message = f"trigger {expected} is not the one that the migrations made: it does not refuse every change"
        findings.add("GUARD_CHANGED", f"table {name}", message)
    added = [f"trigger {each}" for each in found]
    added += [f"rule {each}" for (each,) in connection.execute(SELECT_RULES, (table,))]
    for each in added:
        findings.add("GUARD_CHANGED", f"table {name}", f"{each} is on it, which the migrations did not make")


def verify_function(connection: Any, name: str, owner: str, findings: Findings) -> None:
    """Body and rights as in migrations/schema.sql, which equals all migrations applied."""
    rows = connection.execute(SELECT_FUNCTION, (name,)).fetchall()
    if len(rows) != 1:
        message = "it is gone" if not rows else f"there are {len(rows)} of that name"
        findings.add("GUARD_CHANGED", f"function {name}", message)
        return
    (body, is_definer, settings, is_plpgsql, owned_by) = rows[0]
    how, expected = defined_functions()[name]
    wanted = ("SECURITY DEFINER" in how, "search_path" in how)
    if body != expected or not is_plpgsql:
        findings.add("GUARD_CHANGED", f"function {name}", "its body is not the one that the migrations made")
    if (is_definer, "search_path=public, pg_temp" in settings) != wanted:
        findings.add("GUARD_CHANGED", f"function {name}", "it runs with other rights or another search_path than made")
    if owned_by != owner:
        findings.add("GUARD_CHANGED", f"function {name}", f"it belongs to {owned_by}, not to {owner}")


def defined_functions() -> dict[str, tuple[str, str]]:
    """name -> what stands before the body, and the body."""
    schema = files("migrations").joinpath("schema.sql").read_text(encoding="utf-8")
    return {found["name"]: (found["how"], found["body"]) for found in FUNCTION.finditer(schema)}


def verify_grants(connection: Any, table: int, name: str, owner: str, findings: Findings) -> None:
    """Whoever may do more than append; superusers and those who have the owner's role may do anything anyhow."""
    for_all = [privilege for (privilege,) in connection.execute(SELECT_PUBLIC, {"table": table}).fetchall()]
    for privilege in sorted(set(for_all)):
        tell_grant(findings, "PUBLIC", privilege, name)
    asked = {"table": table, "owner": owner, "application": APPLICATION_ROLE}
    for role, privilege in connection.execute(SELECT_GRANTS, asked).fetchall():
        if privilege not in for_all:
            tell_grant(findings, role, privilege, name)


def tell_grant(findings: Findings, role: str, privilege: str, table: str) -> None:
    message = f"{role} may {privilege}, which the migrations do not grant: REVOKE {privilege} ON {table} FROM {role}"
    findings.add("GRANT_ADDED", f"table {table}", message)


def verify_application(connection: Any, owner: str, findings: Findings) -> None:
    """The role that every process runs as, and who may let go of archived facts."""
    where = f"role {APPLICATION_ROLE}"
    row = connection.execute(SELECT_APPLICATION, (owner, APPLICATION_ROLE)).fetchone()
    is_super, may_create, has_owner = row or (False, False, False)
    for is_so, words in (
        (is_super, "is a superuser"),
        (may_create, "may create roles"),
        (has_owner and not is_super, f"has the rights of {owner}, who owns the log"),
    ):
        if is_so:
            findings.add("GRANT_ADDED", where, f"it {words}: the application may only append and read")
    for (role,) in connection.execute(MAY_DROP).fetchall():
        if role != APPLICATION_ROLE:
            message = f"{role} may EXECUTE it, which the migrations do not grant"
            findings.add("GRANT_ADDED", "function drop_archived_fact_partition", message)

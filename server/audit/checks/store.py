"""Checks of the store itself: its own consistency, the schema, and nothing in it that is not ours."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from server.audit.checks.raw import first_line, raw
from server.audit.checks.report import Findings
from server.audit.sql import schema
from server.audit.sql.tables import compatibility, metadata

_OLDEST = "0003"
"""What this schema's migration says about the releases that may run on it."""

# Everything that could act behind the log's back, as (kind, name).
_FOREIGN = {
    "sqlite": "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')",
    "postgresql": """
        SELECT 'trigger', tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
         WHERE NOT tgisinternal AND relnamespace = current_schema()::regnamespace
        UNION ALL
        SELECT 'rule', rulename FROM pg_rewrite JOIN pg_class ON pg_class.oid = ev_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
        UNION ALL
        SELECT 'row policy', polname FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
         WHERE relnamespace = current_schema()::regnamespace
        UNION ALL
        SELECT 'event trigger', evtname FROM pg_event_trigger
        UNION ALL
        SELECT 'view', relname FROM pg_class
         WHERE relkind IN ('v', 'm') AND relnamespace = current_schema()::regnamespace
    """,
}
# Only the function of the extension itself: one of that name might be anybody's.
_AMCHECK = """
    SELECT quote_ident(nspname) || '.' || quote_ident(proname)
      FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
      JOIN pg_depend ON classid = 'pg_proc'::regclass AND objid = pg_proc.oid AND deptype = 'e'
      JOIN pg_extension ON refclassid = 'pg_extension'::regclass AND refobjid = pg_extension.oid
     WHERE extname = 'amcheck' AND proname = 'bt_index_check' AND pronargs = 2
       AND has_function_privilege(pg_proc.oid, 'EXECUTE') AND has_schema_privilege(nspname, 'USAGE')
"""
_INDEXES = """
    SELECT pg_class.oid, relname FROM pg_class JOIN pg_am ON pg_am.oid = relam
     WHERE relkind = 'i' AND amname = 'btree' AND relnamespace = current_schema()::regnamespace
"""


def check_store(connection: Connection, findings: Findings) -> None:
    """Pages and indexes, which no query over the tables would notice.

    PostgreSQL's indexes only where the extension amcheck is installed and may be used: it is not ours to install.
    """
    if connection.dialect.name == "sqlite":
        for (line,) in connection.exec_driver_sql("PRAGMA integrity_check"):
            if line != "ok":
                findings.add("store", None, f"SQLite: {line}")
        return
    check = connection.exec_driver_sql(_AMCHECK).scalar_one_or_none()
    for oid, name in connection.exec_driver_sql(_INDEXES).all() if check else ():
        try:
            with connection.begin_nested():
                connection.exec_driver_sql(f"SELECT {check}(%s::oid::regclass, true)", (oid,))
        except DBAPIError as error:
            findings.add("store", None, f"PostgreSQL: the index {name}: {first_line(error)}")


def check_schema(connection: Connection, findings: Findings) -> None:
    """The tables and indexes of this release, and nothing that could act behind the log's back."""
    if not schema.is_own(connection):
        findings.add("schema", None, schema.misfit(connection) or "the database says that it is of another release")
    for difference in compare_metadata(MigrationContext.configure(connection), metadata):
        findings.add("schema", None, f"the schema differs: {difference}")
    for kind, name in connection.exec_driver_sql(_FOREIGN[connection.dialect.name]):
        findings.add("schema", None, f"there is a {kind} {name!r}, which the log has not made")
    rows = [tuple(row) for row in connection.execute(raw(compatibility))]
    if rows != [(1, _OLDEST)]:
        findings.add("schema", None, f"the table compatibility does not say {_OLDEST}")

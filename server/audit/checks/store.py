"""Checks of the store itself: SQLite's own consistency, the schema, and nothing in it that is not ours."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from core.errors import ConfigurationError
from server.audit import schema
from server.audit.checks.report import Findings
from server.audit.tables import metadata


def check_store(connection: Connection, findings: Findings) -> None:
    """Pages, indexes and constraints of the file, which no query over the tables would notice."""
    if connection.dialect.name != "sqlite":
        return
    for (line,) in connection.exec_driver_sql("PRAGMA integrity_check"):
        if line != "ok":
            findings.add("store", None, f"SQLite: {line}")


def check_schema(connection: Connection, findings: Findings) -> None:
    """The tables and indexes of this release, and no trigger that could act behind the log's back."""
    try:
        schema.assert_current(connection)
    except ConfigurationError as error:
        findings.add("schema", None, str(error))
    for difference in compare_metadata(MigrationContext.configure(connection), metadata):
        findings.add("schema", None, f"the schema differs: {difference}")
    if connection.dialect.name == "sqlite":
        foreign = "SELECT type, name FROM sqlite_master WHERE type IN ('trigger', 'view')"
        for kind, name in connection.exec_driver_sql(foreign):
            findings.add("schema", None, f"there is a {kind} {name!r}, which the log has not made")

"""Two stores, one index, and plaintext that can be deleted.

Release 0.1 ran on one SQLite file with one process, which has to be stopped for this upgrade: its code refuses the new
schema. From here on `compatibility` says which release may still run beside a newer one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_STEP = 1000
_REVIEW = 3


def upgrade() -> None:
    """From the tables of 0001, whose leaves stay as they are."""
    _put_aside("entries", ["entries_pkey", "entries_decision_id", "entries_request"])
    _put_aside("evidence", ["evidence_key"])
    _put_aside("open_intents", ["open_intents_pkey", "open_intents_request"])
    _create_log()
    _create_deletable()
    _create_outside()
    _convert()
    for table in ("entries_0001", "evidence_0001", "open_intents_0001", "detections", "decisions"):
        op.drop_table(table)
    op.execute("INSERT INTO compatibility (id, oldest) VALUES (1, '0002')")


def downgrade() -> None:
    """To the tables of 0001, for a log without entries: version 2 leaves mean nothing to that release."""
    if op.get_bind().execute(sa.text("SELECT count(*) FROM entries")).scalar_one():
        raise RuntimeError("a log with entries cannot go back to schema 0001")
    names = "compatibility witnessed log_keys documents erased evidence private events postings entries open_intents"
    for table in f"{names} tiles log_head".split():
        op.drop_table(table)
    # The first migration is what knows the old tables.
    op.get_context().script.get_revision("0001").module.upgrade()  # type: ignore[union-attr]


def _put_aside(table: str, constraints: list[str]) -> None:
    """Renames an old table. PostgreSQL's constraints have names of their own, which the new table needs."""
    op.rename_table(table, f"{table}_0001")
    if op.get_bind().dialect.name == "postgresql":
        for name in constraints:
            op.execute(f"ALTER INDEX {name} RENAME TO {name}_0001")


def _create_log() -> None:
    op.create_table(
        "entries",
        sa.Column("log_index", _ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("request_key", sa.LargeBinary(16), nullable=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("request_key", name="entries_request_key"),
        sa.UniqueConstraint("decision_id", name="entries_decision_id"),
    )
    op.create_table(
        "postings",
        sa.Column("term", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("term", "recorded_at", "log_index", name="postings_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "events",
        sa.Column("decision_index", sa.BigInteger, nullable=False),
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("decision_index", "log_index", name="events_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "open_intents",
        sa.Column("log_index", _ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("request_id", sa.String(256), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("decision_key", sa.LargeBinary(16), nullable=False),
        sa.UniqueConstraint("decision_key", name="open_intents_decision"),
    )


def _create_deletable() -> None:
    op.create_table(
        "private",
        sa.Column("log_index", _ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
    )
    op.create_table(
        "evidence",
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("digest", sa.String(71), nullable=False),
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.Column("mime", sa.String(128), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest", "log_index", name="evidence_key"),
    )
    op.create_table(
        "erased",
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.Column("by_index", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("log_index", "by_index", name="erased_key"),
        sqlite_with_rowid=False,
    )
    op.create_index("erased_by", "erased", ["by_index", "log_index"])


def _create_outside() -> None:
    op.create_table(
        "documents",
        sa.Column("digest", sa.String(71), primary_key=True),
        sa.Column("mime", sa.String(128), nullable=False),
        sa.Column("name", sa.String(256), nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "log_keys",
        sa.Column("generation", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("vkey", sa.Text, nullable=False),
        sa.Column("since_size", sa.BigInteger, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
    )
    op.create_table(
        "witnessed",
        sa.Column("size", _ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("timestamp", sa.LargeBinary, nullable=True),
    )
    op.create_table(
        "compatibility",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("oldest", sa.String(32), nullable=False),
        sa.CheckConstraint("id = 1", name="compatibility_single"),
    )


def _convert() -> None:
    connection = op.get_bind()
    for rows in _old_entries(connection):
        connection.execute(
            sa.text(
                "INSERT INTO entries (log_index, request_key, decision_id, kind, tenant, recorded_at, leaf) "
                "VALUES (:log_index, :request_key, :decision_id, :kind, :tenant, :recorded_at, :leaf)"
            ),
            [{**row, "request_key": _request_key(row)} for row in rows],
        )
        postings = [
            {"term": term, "recorded_at": row["recorded_at"], "log_index": row["log_index"]}
            for row in rows
            if row["kind"] == "decision"
            for term in _terms(row["tenant"], json.loads(row["leaf"]))
        ]
        if postings:
            connection.execute(
                sa.text("INSERT INTO postings (term, recorded_at, log_index) VALUES (:term, :recorded_at, :log_index)"),
                postings,
            )
        if evidence := [each for row in rows for each in _evidence(row)]:
            # One row for each entry now, where there was one for each picture.
            connection.execute(
                sa.text(
                    "INSERT INTO evidence (tenant, digest, log_index, mime, data) SELECT tenant, digest, "
                    "CAST(:log_index AS BIGINT), CAST(:mime AS VARCHAR(128)), data "
                    "FROM evidence_0001 WHERE tenant = :tenant AND digest = :digest"
                ),
                evidence,
            )

    for row in connection.execute(sa.text("SELECT * FROM open_intents_0001")).mappings().all():
        connection.execute(
            sa.text(
                "INSERT INTO open_intents (log_index, tenant, request_id, recorded_at, decision_key) "
                "VALUES (:log_index, :tenant, :request_id, :recorded_at, :decision_key)"
            ),
            {**row, "decision_key": _request_key({**row, "kind": "decision"})},
        )


def _old_entries(connection: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    query = sa.text("SELECT * FROM entries_0001 WHERE log_index > :last ORDER BY log_index LIMIT :step")
    last = -1
    while rows := connection.execute(query, {"last": last, "step": _STEP}).mappings().all():
        yield [dict(row) for row in rows]
        last = rows[-1]["log_index"]


def _request_key(row: dict[str, Any]) -> bytes:
    return hashlib.sha256(f"{row['kind']}\0{row['tenant']}\0{row['request_id']}".encode()).digest()[:16]


def _evidence(row: dict[str, Any]) -> list[dict[str, Any]]:
    """A version 1 entry's pictures, each once."""
    named = {each["digest"]: each["mime"] for each in json.loads(row["leaf"])["facets"]["evidence"]}
    place = {"tenant": row["tenant"], "log_index": row["log_index"]}
    return [{**place, "digest": digest, "mime": mime} for digest, mime in named.items()]


def _terms(tenant: str, leaf: dict[str, Any]) -> list[int]:
    """The terms of a version 1 leaf, which knows neither labels nor reason codes nor subjects."""
    facets = leaf["facets"]
    names = [("all", ""), ("action", str(facets["action"]))]
    names += [("detector", name) for name in facets["detected"]]
    if leaf["media_digest"]:
        names.append(("digest", leaf["media_digest"]))
    if facets["action"] == _REVIEW:
        names.append(("state", "awaiting"))
    return [_term(tenant, name, value) for name, value in names]


def _term(tenant: str, name: str, value: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{tenant}\0{name}\0{value}".encode()).digest()[:8], signed=True)

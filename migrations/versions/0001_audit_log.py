"""The audit log: entries, tiles and head, and the tables that make decisions findable."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ROW_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """From nothing."""
    _create_log()
    _create_decisions()
    op.create_table(
        "open_intents",
        sa.Column("log_index", _ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("request_id", sa.String(256), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("tenant", "request_id", name="open_intents_request"),
    )
    op.create_table(
        "evidence",
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("digest", sa.String(71), nullable=False),
        sa.Column("mime", sa.String(128), nullable=False),
        sa.Column("first_index", sa.BigInteger, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "digest", name="evidence_key"),
    )


def downgrade() -> None:
    """To nothing: the whole log goes."""
    for table in ("evidence", "open_intents", "detections", "decisions", "tiles", "entries", "log_head"):
        op.drop_table(table)


def _create_log() -> None:
    op.create_table(
        "log_head",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("root", sa.LargeBinary(32), nullable=False),
        sa.Column("checkpoint", sa.Text, nullable=False),
        sa.CheckConstraint("id = 1", name="log_head_single"),
    )
    op.create_table(
        "entries",
        sa.Column("log_index", _ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("decision_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("request_id", sa.String(256), nullable=False),
        sa.Column("request_digest", sa.String(128), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("decision_id", name="entries_decision_id"),
        sa.UniqueConstraint("tenant", "request_id", "kind", name="entries_request"),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.SmallInteger, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("level", "number", name="tiles_key"),
    )


def _create_decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("log_index", _ROW_NUMBER, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("action", sa.SmallInteger, nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("media_digest", sa.String(71), nullable=False),
    )
    op.create_index("decisions_by_time", "decisions", ["tenant", "recorded_at", "log_index"])
    op.create_index("decisions_by_action", "decisions", ["tenant", "action", "recorded_at", "log_index"])
    op.create_index("decisions_by_digest", "decisions", ["tenant", "media_digest", "recorded_at", "log_index"])
    op.create_table(
        "detections",
        sa.Column("tenant", sa.String(256), nullable=False),
        sa.Column("detector", sa.String(64), nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("log_index", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "detector", "recorded_at", "log_index", name="detections_key"),
    )
    op.create_index("detections_by_entry", "detections", ["log_index"])

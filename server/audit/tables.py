"""The tables of the log. `entries` and `tiles` are the log; everything else repeats leaves so that they can be found.

The schema comes into being through `migrations`, never through `metadata.create_all`; a test holds the two together.
No foreign keys: rows of one entry are written in one transaction, and fsck holds each table against the leaves.
Columns named recorded_at are microseconds since 1970, UTC.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData()

# Only INTEGER PRIMARY KEY makes a column the row id in SQLite, which spares an index.
_RowNumber = BigInteger().with_variant(Integer(), "sqlite")

# One row. root: RFC 6962 root of `size` leaves. checkpoint: the signed note over both.
log_head = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary(32), nullable=False),
    Column("checkpoint", Text, nullable=False),
    CheckConstraint("id = 1", name="log_head_single"),
)

entries = Table(
    "entries",
    metadata,
    Column("log_index", _RowNumber, primary_key=True, autoincrement=False),
    Column("decision_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("tenant", String(256), nullable=False),
    Column("request_id", String(256), nullable=False),
    Column("request_digest", String(128), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("decision_id", name="entries_decision_id"),
    # One record for each request: what makes a retry safe.
    UniqueConstraint("tenant", "request_id", "kind", name="entries_request"),
)

# C2SP tlog-tiles: `hashes` concatenates 1 to 256 hashes of 32 bytes; only the last tile of a level is partial.
tiles = Table(
    "tiles",
    metadata,
    Column("level", SmallInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    PrimaryKeyConstraint("level", "number", name="tiles_key"),
)

# Entries of kind "decision". Each index serves one filter of the list, in the order of the list.
decisions = Table(
    "decisions",
    metadata,
    Column("log_index", _RowNumber, primary_key=True, autoincrement=False),
    Column("tenant", String(256), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("action", SmallInteger, nullable=False),
    Column("direction", String(16), nullable=False),
    Column("media_digest", String(71), nullable=False),
    Index("decisions_by_time", "tenant", "recorded_at", "log_index"),
    Index("decisions_by_action", "tenant", "action", "recorded_at", "log_index"),
    Index("decisions_by_digest", "tenant", "media_digest", "recorded_at", "log_index"),
)

# One row for each detector that detected something in a decision.
detections = Table(
    "detections",
    metadata,
    Column("tenant", String(256), nullable=False),
    Column("detector", String(64), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("log_index", BigInteger, nullable=False),
    PrimaryKeyConstraint("tenant", "detector", "recorded_at", "log_index", name="detections_key"),
    Index("detections_by_entry", "log_index"),
)

# Intents whose decision is not recorded yet; a row that stays tells of work that was lost.
open_intents = Table(
    "open_intents",
    metadata,
    Column("log_index", _RowNumber, primary_key=True, autoincrement=False),
    Column("tenant", String(256), nullable=False),
    Column("request_id", String(256), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    UniqueConstraint("tenant", "request_id", name="open_intents_request"),
)

# Kept for each tenant apart, so that no tenant learns what another one sent. first_index: the entry it came with.
evidence = Table(
    "evidence",
    metadata,
    Column("tenant", String(256), nullable=False),
    Column("digest", String(71), nullable=False),
    Column("mime", String(128), nullable=False),
    Column("first_index", BigInteger, nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "digest", name="evidence_key"),
)

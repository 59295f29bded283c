"""The tables of the log. `entries`, `tiles` and `log_head` are the log; the rest repeats leaves so that they can be
found, or holds what leaves only commit to, so that it can be deleted.

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

# request_key: `terms.request_key`, what makes a retry safe. decision_id: the entry's name, of whatever kind it is.
entries = Table(
    "entries",
    metadata,
    Column("log_index", _RowNumber, primary_key=True, autoincrement=False),
    Column("request_key", LargeBinary(16), nullable=False),
    Column("decision_id", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("tenant", String(256), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("request_key", name="entries_request_key"),
    UniqueConstraint("decision_id", name="entries_decision_id"),
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

# The one inverted index behind every list of decisions: see `terms`.
postings = Table(
    "postings",
    metadata,
    Column("term", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("log_index", BigInteger, nullable=False),
    PrimaryKeyConstraint("term", "recorded_at", "log_index", name="postings_key"),
    sqlite_with_rowid=False,
)

# Reviews and appeals of a decision: its history, of which its state is the fold.
events = Table(
    "events",
    metadata,
    Column("decision_index", BigInteger, nullable=False),
    Column("log_index", BigInteger, nullable=False),
    PrimaryKeyConstraint("decision_index", "log_index", name="events_key"),
    sqlite_with_rowid=False,
)

# Intents whose decision is not recorded yet; a row that stays tells of work that was lost. decision_key: the
# request_key of the decision that will close it.
open_intents = Table(
    "open_intents",
    metadata,
    Column("log_index", _RowNumber, primary_key=True, autoincrement=False),
    Column("tenant", String(256), nullable=False),
    Column("request_id", String(256), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("decision_key", LargeBinary(16), nullable=False),
    UniqueConstraint("decision_key", name="open_intents_decision"),
)

# Deletable: what an entry's leaf only commits to. fields: see `commitments`.
private = Table(
    "private",
    metadata,
    Column("log_index", _RowNumber, primary_key=True, autoincrement=False),
    Column("tenant", String(256), nullable=False),
    Column("fields", Text, nullable=False),
)

# Deletable: pictures and texts that a leaf names by digest. Kept for each tenant apart, so that no tenant learns what
# another one sent, and for each entry apart, so that one person's can be erased.
evidence = Table(
    "evidence",
    metadata,
    Column("tenant", String(256), nullable=False),
    Column("digest", String(71), nullable=False),
    Column("log_index", BigInteger, nullable=False),
    Column("mime", String(128), nullable=False),
    Column("data", LargeBinary, nullable=False),
    PrimaryKeyConstraint("tenant", "digest", "log_index", name="evidence_key"),
)

# Deletable: what signed files are recognised by, one row a value. The entry's private field "durable" says the same.
bindings = Table(
    "bindings",
    metadata,
    Column("log_index", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("value", LargeBinary(64), nullable=False),
    PrimaryKeyConstraint("log_index", "kind", "value", name="bindings_key"),
    Index("bindings_value", "kind", "value", "log_index"),
    sqlite_with_rowid=False,
)

# Deletable: the manifest stores (JUMBF) of signed files, and small pictures of them by which a match is confirmed.
manifests = Table(
    "manifests",
    metadata,
    Column("log_index", _RowNumber, primary_key=True, autoincrement=False),
    Column("manifest_id", String(512), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("sketches", LargeBinary, nullable=False),
    Index("manifests_id", "manifest_id"),
)

# Tombstones: the erasure recorded at by_index took the plaintext of the entry at log_index. Few, and looked up from
# both sides.
erased = Table(
    "erased",
    metadata,
    Column("log_index", BigInteger, nullable=False),
    Column("by_index", BigInteger, nullable=False),
    PrimaryKeyConstraint("log_index", "by_index", name="erased_key"),
    Index("erased_by", "by_index", "log_index"),
    sqlite_with_rowid=False,
)

# What decisions were made with: policies, model cards, trust lists. Named by entries of kind "configuration".
documents = Table(
    "documents",
    metadata,
    Column("digest", String(71), primary_key=True),
    Column("mime", String(128), nullable=False),
    Column("name", String(256), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

# The log's keys in their order. since_size: the size at which the key took over. statement: the rotation note, signed
# by this key and the one before; "" for the first.
log_keys = Table(
    "log_keys",
    metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("vkey", Text, nullable=False),
    Column("since_size", BigInteger, nullable=False),
    Column("statement", Text, nullable=False),
)

# Checkpoints that somebody else vouches for. note: with the witnesses' lines. timestamp: an RFC 3161 token (DER).
witnessed = Table(
    "witnessed",
    metadata,
    Column("size", _RowNumber, primary_key=True, autoincrement=False),
    Column("note", Text, nullable=False),
    Column("timestamp", LargeBinary, nullable=True),
)

# One row: the oldest revision whose code may still run on this schema, so that servers can be upgraded one by one.
compatibility = Table(
    "compatibility",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("oldest", String(32), nullable=False),
    CheckConstraint("id = 1", name="compatibility_single"),
)

"""A log as release 0.1 left it: the tables of migration 0001, filled by hand, with leaves of version 1."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, text

from core.media import digest_of
from countersign.verify.canonical import canonical_json
from countersign.verify.merkle import leaf_hash
from server.audit.entries.leaf import format_time
from server.audit.tree.head import HeadSigner
from server.audit.tree.merkle import Edge
from tests.audit.making import ORIGIN, SIGNER

START = 1_790_000_000_000_000
MASK = b"mask"


def fill(url: str, count: int) -> list[bytes]:
    """Fill the database at `url`, which has schema 0001: one intent without a decision, then decisions. The leaves."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=NullPool)
    rows = [_row(number) for number in range(count)]
    with engine.begin() as connection:
        for row in rows:
            _insert(connection, "entries", {name: row[name] for name in _ENTRY})
        _facets(connection, rows)
        edge, changed = Edge().grow([leaf_hash(row["leaf"]) for row in rows])
        for (level, number), hashes in changed.items():
            _insert(connection, "tiles", {"level": level, "number": number, "hashes": hashes})
        head = HeadSigner(SIGNER, ORIGIN).head(edge.size, edge.root())
        _insert(connection, "log_head", {"id": 1, "size": head.size, "root": head.root, "checkpoint": head.checkpoint})
    return [row["leaf"] for row in rows]


_ENTRY = ("log_index", "decision_id", "kind", "tenant", "request_id", "request_digest", "recorded_at", "leaf")


def _row(number: int) -> dict[str, Any]:
    recorded_at = START + number
    row: dict[str, Any] = {
        "log_index": number,
        "decision_id": f"{number:032x}",
        "kind": "decision" if number else "intent",
        "tenant": "acme",
        "request_id": f"request-{number}",
        "request_digest": digest_of(b"request %d" % number),
        "recorded_at": recorded_at,
        "action": 1 + number % 4 if number else 0,
        "media_digest": digest_of(b"media %d" % number),
        "detected": ["copy_move"] if number % 3 == 0 and number else [],
        "evidence": [{"digest": digest_of(MASK), "mime": "image/png"}] if number == 1 else [],
    }
    envelope = {name: row[name] for name in ("kind", "decision_id", "tenant", "request_id", "request_digest")}
    facets = {name: row[name] for name in ("action", "detected", "evidence")} | {"direction": "inbound"}
    leaf = {"v": 1, "actor": "uploader", "recorded_at": format_time(recorded_at), "media_digest": row["media_digest"]}
    row["leaf"] = canonical_json({**envelope, **leaf, "facets": facets, "findings": []})
    return row


def _facets(connection: Connection, rows: list[dict[str, Any]]) -> None:
    names = ("log_index", "tenant", "recorded_at")
    for row in rows:
        place = {name: row[name] for name in names}
        if row["kind"] == "intent":
            _insert(connection, "open_intents", {**place, "request_id": row["request_id"]})
            continue
        found = {"action": row["action"], "direction": "inbound", "media_digest": row["media_digest"]}
        _insert(connection, "decisions", {**place, **found})
        for detector in row["detected"]:
            _insert(connection, "detections", {**place, "detector": detector})
        for each in row["evidence"]:
            blob = {"tenant": row["tenant"], "first_index": row["log_index"], "data": MASK}
            _insert(connection, "evidence", {**blob, **each})


def _insert(connection: Connection, table: str, values: dict[str, Any]) -> None:
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({marks})"), values)  # noqa: S608

"""Parquet files, read back by Arrow."""

from __future__ import annotations

import asyncio
import io
import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from countersign.verify.merkle import leaf_hash
from countersign.views import decision_json
from policies.base import Action
from server import convert
from server.audit.entries.entry import Recorded
from server.audit.entries.state import ReviewState
from server.audit.export import Format
from server.audit.export.columns import COLUMNS
from server.audit.export.parquet import ROW_GROUP, ParquetRows
from server.audit.reading.matching import Filter
from server.audit.reading.queries import History
from tests.export import generated
from tests.export.making import TENANT, MemoryLog, body, exported, refusal


async def read(log: MemoryLog, wanted: Filter | None = None) -> pa.Table:
    return parquet.read_table(io.BytesIO(await exported(log, Format.PARQUET, wanted)))


async def test_columns_have_their_types() -> None:
    log = MemoryLog()
    log.decide(body())
    schema = (await read(log)).schema.remove_metadata()
    for column in COLUMNS:
        assert schema.field(column.name).type == column.type, column.name
    assert schema.field("decided_at").type == pa.timestamp("us", tz="UTC")
    assert schema.names == [column.name for column in COLUMNS]


async def test_a_row_is_the_decision() -> None:
    log = MemoryLog()
    content = body("REVIEW", context={"surface": "avatar", "jurisdiction": "", "task": ""})
    decision = log.decide(content, subject="person-7", private={"credential": {"issuer": "Camera", "manifest_id": "m"}})
    log.review(decision, "BLOCK")
    (row,) = (await read(log)).to_pylist()
    assert (row["log_index"], row["leaf_hash"]) == (0, leaf_hash(decision.leaf))
    assert (row["decision_id"], row["request_id"], row["tenant"]) == (decision.decision_id, "request-0", TENANT)
    assert (row["decided_at"], row["direction"]) == (decision.recorded_at, "inbound")
    assert (row["action"], row["current_action"], row["review_state"]) == ("REVIEW", "BLOCK", "RESOLVED")
    assert (row["events"], row["latest_index"]) == (1, 1)
    assert (row["surface"], row["jurisdiction"], row["task"]) == ("avatar", None, None)
    assert (row["actor"], row["subject"], row["erased"]) == ("upload-frontend", "person-7", [])
    assert (row["credential"]["issuer"], row["credential"]["claim_generator"]) == ("Camera", None)
    (finding,) = row["findings"]
    assert (finding["probability"], finding["log10_lr"]) == (0.9375, None)
    assert finding["evidence"][0]["mime_type"] == "image/png"
    assert row["reasons"][0]["operands"] == [("copy_move.detected", "true")]
    assert (row["refusal"], row["model"], row["intent_index"]) == (None, None, None)


async def test_what_was_erased_is_null_and_named() -> None:
    log = MemoryLog()
    recorded = log.decide(body(), subject="person-7")
    log.records[0] = replace(recorded, private={})
    (row,) = (await read(log)).to_pylist()
    assert (row["actor"], row["subject"], row["erased"]) == (None, None, ["actor", "subject"])


async def test_a_refusal_is_a_row_without_a_decision() -> None:
    log = MemoryLog()
    log.decide(refusal())
    (row,) = (await read(log)).to_pylist()
    assert (row["action"], row["media_digest"], row["policy_id"], row["credential"]) == (None, None, None, None)
    assert row["refusal"] == {"field": "media", "limit": "JPEG", "found": "text", "message": "not read"}
    assert (row["reasons"], row["findings"], row["current_action"]) == ([], [], None)


async def test_the_file_says_which_log_it_is_from() -> None:
    log = MemoryLog()
    log.decide(body())
    wanted = Filter(
        since=datetime(2026, 1, 2, tzinfo=UTC), action=int(Action.BLOCK), min_score=0.0, state=ReviewState.NONE
    )
    metadata = (await read(log, wanted)).schema.metadata
    signed = await log.checkpoint()
    assert metadata[b"countersign.checkpoint"].decode() == signed.text
    assert metadata[b"countersign.origin"] == b"log.example/export"
    assert metadata[b"countersign.tenant"] == TENANT.encode()
    assert json.loads(metadata[b"countersign.filter"]) == {
        "since": "2026-01-02T00:00:00.000000Z",
        "action": 4,
        "min_score": 0.0,
        "state": "none",
    }


async def test_an_empty_record_is_a_file_with_columns_and_no_rows() -> None:
    table = await read(MemoryLog())
    assert (table.num_rows, table.schema.names) == (0, [column.name for column in COLUMNS])


def rows(recorded: Recorded, count: int) -> list[History]:
    return [History(recorded, ())] * count


async def test_row_groups_are_full_and_leave_at_once() -> None:
    log = MemoryLog()
    recorded = log.decide(body())
    encoder = ParquetRows(TENANT, Filter(), (await log.checkpoint()).text)
    first = encoder.add(rows(recorded, ROW_GROUP - 1))
    second = encoder.add(rows(recorded, 2))
    last = encoder.end()
    assert len(first) < 100 < len(second)
    file = parquet.ParquetFile(io.BytesIO(first + second + last))
    groups = [file.metadata.row_group(number).num_rows for number in range(file.num_row_groups)]
    assert groups == [ROW_GROUP, 1]
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"


async def test_long_findings_end_a_row_group_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.audit.export.parquet._GROUP_BYTES", 1 << 20)
    log = MemoryLog()
    recorded = log.decide(body(reasons=[body()["reasons"][0] | {"text": "x" * 20_000}]))
    encoder = ParquetRows(TENANT, Filter(), (await log.checkpoint()).text)
    data = b"".join(encoder.add(rows(recorded, 20)) for _ in range(6)) + encoder.end()
    file = parquet.ParquetFile(io.BytesIO(data))
    assert file.num_row_groups == 2
    assert file.metadata.num_rows == 120


@given(st.lists(st.tuples(generated.decisions(), generated.PRIVATE), max_size=8))
@settings(max_examples=60)
def test_every_decision_comes_back_as_it_was(made: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    log = MemoryLog()
    for content, private in made:
        log.decide(content, private=private)
    found = asyncio.run(read(log)).to_pylist()
    assert [row["log_index"] for row in found] == list(reversed(range(len(made))))
    for row in found:
        recorded = log.records[row["log_index"]]
        compare(row, decision_json(convert.decision(recorded)), recorded)


def compare(row: dict[str, Any], view: dict[str, Any], recorded: Recorded) -> None:
    """The row against the JSON view of the same decision, which other tests hold against the leaf."""
    for name in ("decision_id", "request_id", "tenant", "direction"):
        assert (row[name] or "").upper() == (view[name] or "").upper()
    assert row["decided_at"] == recorded.recorded_at
    for name in ("media_digest", "mime_type", "policy_id", "policy_digest", "model", "source_digest", "actor"):
        assert (row[name] or "") == view[name], name
    for name in ("action", "current_action", "review_state", "intent_index"):
        assert row[name] == view[name], name
    for name in ("byte_size", "width", "height"):
        assert (row[name] or 0) == view[name], name
    assert (row["media_kind"] or "").upper() == (view["media_kind"] or "")
    for ours, theirs in zip(
        row["reasons"] + row["shadow_reasons"], view["reasons"] + view["shadow_reasons"], strict=True
    ):
        told = {"operands": dict(ours["operands"]), "user_text": ours["user_text"] or "", "cites": ours["cites"] or []}
        assert ours | told == theirs
    for ours, theirs in zip(row["findings"], view["findings"], strict=True):
        compare_finding(ours, theirs)
    if row["credential"]:
        provenance = view["provenance"]
        assert row["credential"]["state"].upper() == provenance["state"]
        for name in ("manifest_id", "issuer", "claim_generator"):
            assert (row["credential"][name] or "") == provenance[name]
        assert row["credential"]["digital_source_types"] == provenance["digital_source_types"]
    assert (row["refusal"] is None) == (view["refusal"] is None)


def compare_finding(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    for name in ("probability", "score", "log10_lr", "fpr_at_threshold"):
        assert (ours[name] is None) == (theirs[name] is None)
        assert ours[name] is None or math.isclose(ours[name], theirs[name], rel_tol=0, abs_tol=0)
    assert dict(ours["measurements"]) == theirs["measurements"]
    for name in ("detector", "version", "label", "score_scale", "codes", "explanation", "limits", "evidence"):
        assert ours[name] == theirs[name], name
    assert ours["verdict"].upper() == theirs["verdict"]

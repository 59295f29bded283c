"""Exports of real logs, on both stores: what comes out is what was recorded, and what was erased does not."""

from __future__ import annotations

import asyncio
import io
import json

from pyarrow import parquet

from countersign.verify.merkle import HASH_BYTES
from countersign.views import decision_json
from server import convert
from server.audit import AuditLog, Filter, Recorded
from server.audit.export import Format, export
from server.audit.operations import Erase, Review
from server.audit.tree.tiles import read_tiles
from server.convert import decision_view
from tests.export.making import TENANT, body, entry_of, exported, lines, refusal

ACTIONS = ("ALLOW", "LABEL", "REVIEW", "BLOCK")


async def fill(log: AuditLog, count: int) -> None:
    contents = [refusal() if number % 10 == 9 else body(ACTIONS[number % 4]) for number in range(count)]
    for start in range(0, count, 100):
        batch = enumerate(contents[start : start + 100], start)
        await asyncio.gather(*(log.append(entry_of(each, number, subject=f"p{number}")) for number, each in batch))
    await log.append(entry_of(body(), 0, tenant="other"))


async def test_every_format_holds_every_decision_once_in_the_order_of_the_list(log: AuditLog) -> None:
    await fill(log, 1203)
    listed: list[Recorded] = []
    token = ""
    while True:
        page = await log.list(TENANT, Filter(), 1000, token)
        listed += page.items
        token = page.next_page_token
        if not token:
            break
    assert len(listed) == 1203
    views = await lines(log, Format.JSONL)
    assert views == [json.loads(json.dumps(decision_json(convert.decision(each)))) for each in listed]
    table = parquet.read_table(io.BytesIO(await exported(log, Format.PARQUET)))
    assert table["decision_id"].to_pylist() == [each.decision_id for each in listed]
    stated = [view["decision_id"] for view in views if view["action"] in ("BLOCK", "LABEL")]
    assert [each["puid"] for each in await lines(log, Format.DSA)] == stated


async def test_rows_are_found_under_the_checkpoint_that_the_file_names(log: AuditLog) -> None:
    await fill(log, 300)
    table = parquet.read_table(io.BytesIO(await exported(log, Format.PARQUET)))
    assert table.schema.metadata[b"countersign.checkpoint"].decode() == (await log.checkpoint()).text
    with log.reading() as connection:
        tiles = read_tiles(connection, [(0, number) for number in range(2)])
    for index, found in zip(table["log_index"].to_pylist(), table["leaf_hash"].to_pylist(), strict=True):
        number, position = divmod(index, 256)
        assert tiles[0, number][position * HASH_BYTES :][:HASH_BYTES] == found


async def test_reviews_and_erasures_show(log: AuditLog) -> None:
    await fill(log, 4)
    blocked = (await log.list(TENANT, Filter(action=4))).items[0]
    await log.perform(Review(TENANT, "reviewer", "review-1", blocked.decision_id, "ALLOW", "mistaken"))
    await log.perform(Erase(TENANT, "officer", "erase-1", "p3"))
    (view,) = await lines(log, Format.JSONL, wanted=Filter(action=4))
    assert (view["current_action"], view["review_state"], view["subject"]) == ("ALLOW", "OVERTURNED", "")
    rows = parquet.read_table(io.BytesIO(await exported(log, Format.PARQUET, Filter(action=4)))).to_pylist()
    assert [(row["current_action"], row["subject"], "subject" in row["erased"]) for row in rows] == [
        ("ALLOW", None, True)
    ]
    (statement,) = await lines(log, Format.DSA, wanted=Filter(action=4))
    assert statement["end_date_visibility_restriction"] >= statement["application_date"]
    assert b'"p3"' not in await exported(log, Format.JSONL)


async def test_a_slow_reader_keeps_nobody_from_recording(log: AuditLog) -> None:
    await fill(log, 1100)
    reader = export(log, TENANT, Filter(), Format.JSONL, decision_view)
    first = await anext(reader)
    before = await log.append(entry_of(body(), 5000))
    rest = b"".join([piece async for piece in reader])
    found = [json.loads(line)["decision_id"] for line in (first + rest).splitlines()]
    assert len(set(found)) == len(found) == 1100
    assert before.decision_id not in found


async def test_other_tenants_do_not_show(log: AuditLog) -> None:
    await fill(log, 8)
    assert {view["tenant"] for view in await lines(log, Format.JSONL)} == {TENANT}
    assert len(await lines(log, Format.JSONL, tenant="other")) == 1
    assert await lines(log, Format.JSONL, tenant="nobody") == []
    assert len(await lines(log, Format.DSA, tenant="other")) == 1

"""What all formats share: order, pieces, pages, what is left out; and the shape of JSON Lines."""

from __future__ import annotations

import json
import sys
from datetime import timedelta

import pytest

from core.errors import PreconditionFailed
from countersign.views import decision_json
from policies.base import Action
from server import convert
from server.audit.export import Format, export
from server.audit.export.export import PIECE
from server.audit.reading.listing import Page
from server.audit.reading.matching import Filter
from server.convert import decision_view
from tests.export.making import START, TENANT, MemoryLog, body, exported, finding, lines, refusal


@pytest.fixture
def log() -> MemoryLog:
    made = MemoryLog()
    for action in ("ALLOW", "LABEL", "REVIEW", "BLOCK") * 2:
        made.decide(body(action))
    made.decide(refusal())
    made.decide(body("BLOCK"), tenant="other")
    return made


async def test_lines_are_what_log_export_printed_before(log: MemoryLog) -> None:
    expected = [json.dumps(decision_json(convert.decision(each))) for each in (await log.list(TENANT, Filter())).items]
    text = (await exported(log, Format.JSONL)).decode()
    assert text.splitlines()[: len(expected)] == expected
    assert text.endswith("\n")


async def test_the_order_is_that_of_the_list(log: MemoryLog) -> None:
    own = [each.decision_id for each in reversed(log.records) if each.tenant == TENANT]
    for form in (Format.JSONL, Format.DSA):
        found = [line.get("decision_id") or line["puid"] for line in await lines(log, form)]
        assert found == [each for each in own if each in found]
    assert [line["decision_id"] for line in await lines(log, Format.JSONL)] == own


async def test_the_filter_holds(log: MemoryLog) -> None:
    found = await lines(log, Format.JSONL, wanted=Filter(action=int(Action.LABEL), since=START + timedelta(seconds=4)))
    assert [(line["action"], line["request_id"]) for line in found] == [("LABEL", "request-5")]


@pytest.mark.parametrize("form", [Format.JSONL, Format.DSA])
async def test_an_empty_record_is_an_empty_file(form: Format) -> None:
    assert await exported(MemoryLog(), form) == b""


class Busy(MemoryLog):
    """A log that records one more decision before every page, and counts the pages."""

    pages = 0

    async def list(self, tenant: str, filter: Filter, page_size: int = 0, page_token: str = "") -> Page:  # noqa: A002
        self.pages += 1
        self.decide(body("ALLOW"))
        return await super().list(tenant, filter, page_size, page_token)


async def test_what_is_recorded_meanwhile_is_left_out() -> None:
    log = Busy()
    for _ in range(5):
        log.decide(body("BLOCK"))
    found = await lines(log, Format.JSONL)
    assert [line["request_id"] for line in found] == [f"request-{number}" for number in reversed(range(5))]
    assert len(log.records) > 6


async def test_pieces_are_small_and_come_before_the_next_page_is_read() -> None:
    log = Busy()
    for _ in range(40):
        log.decide(body(findings=[finding(explanation="long " * 10_000)]))
    log.page, sizes, pages = 25, [], []
    async for piece in export(log, TENANT, Filter(), Format.JSONL, decision_view):
        sizes.append(len(piece))
        pages.append(log.pages)
    assert max(sizes) == PIECE
    assert sum(sizes) == len(await exported(log, Format.JSONL, wanted=Filter(action=int(Action.BLOCK))))
    assert (pages[0], pages[-1]) == (1, 2)


async def test_a_reader_that_goes_away_stops_the_reading(log: MemoryLog) -> None:
    reader = export(log, TENANT, Filter(), Format.JSONL, decision_view)
    await anext(reader)
    await reader.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(reader)


async def test_only_formats_that_need_events_ask_for_them(log: MemoryLog) -> None:
    log.review(log.records[3], "ALLOW")
    await exported(log, Format.JSONL)
    assert log.asked == []
    await exported(log, Format.DSA)
    assert log.asked == [log.records[3].decision_id]


async def test_a_server_without_the_library_says_so(log: MemoryLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "server.audit.export.parquet", raising=False)
    monkeypatch.delitem(sys.modules, "server.audit.export.columns", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(PreconditionFailed, match="cannot write Parquet"):
        await exported(log, Format.PARQUET)
    assert len(await lines(log, Format.JSONL)) == 9

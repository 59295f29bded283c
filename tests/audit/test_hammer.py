"""The hammer: passes a log that keeps its promises, and tells of each one that is broken."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from core.errors import PreconditionFailed
from countersign.verify.note import VerifierKey
from server.audit.hammer import checks, lists, sweep
from server.audit.hammer.checkpoints import CheckpointRecord
from server.audit.hammer.checks import Check, Inspection
from server.audit.hammer.content import TENANTS
from server.audit.hammer.content import decision as made
from server.audit.hammer.findings import Findings
from server.audit.hammer.latency import Latency
from server.audit.hammer.ledger import Ledger
from server.audit.hammer.messages import Acknowledged, Checked, Ready, read, write
from server.audit.hammer.plan import Orders, Plan
from server.audit.hammer.report import Progress, Report
from server.audit.hammer.run import CHECKS, hammer, refuse_used_log
from server.audit.hammer.shift import acknowledged
from server.audit.operations.appeal import Appeal
from server.audit.operations.erase import Erase
from server.audit.reading.matching import Filter
from server.audit.store import sqlite_path, sqlite_url
from tests.audit.making import ORIGIN, VKEY, decision, execute, opened

COUNT = 12
ROUNDS = 300


def plan(url: str, folder: Path, **changes: object) -> Plan:
    values: dict[str, object] = {"seconds": 2.0, "processes": 2, "callers": 8, **changes}
    return Plan(url, folder, ORIGIN, "test", **values)  # type: ignore[arg-type]


async def run(wanted: Plan) -> tuple[Report, list[Progress]]:
    heard: list[Progress] = []
    return await hammer(wanted, heard.append), heard


def assert_good(report: Report) -> None:
    assert report.violations == (), report.violations
    assert report.ok
    assert sum(report.entries.values()) <= report.size
    assert report.entries.keys() >= {"decision", "intent", "review"}
    assert report.checks.keys() >= {"leaf in place", "receipt", "consistency", "window", "history", "fsck", "followed"}
    assert 0 < report.p50 <= report.p99


async def test_a_sound_log_passes(sqlite_log_url: str, tmp_path: Path) -> None:
    report, heard = await run(plan(sqlite_log_url, tmp_path))
    assert_good(report)
    # Nobody was killed and no connection lost: everything in the log was acknowledged to somebody.
    assert sum(report.entries.values()) == report.size
    assert heard[-1].entries > 0
    with pytest.raises(PreconditionFailed, match="holds"):
        await refuse_used_log(plan(sqlite_log_url, tmp_path))


async def test_four_processes_on_postgresql_end_with_one_log(postgres_log_url: str, tmp_path: Path) -> None:
    report, _ = await run(plan(postgres_log_url, tmp_path, processes=4))
    assert_good(report)
    assert sum(report.entries.values()) == report.size


async def test_a_sound_log_passes_while_its_processes_are_killed(url: str, tmp_path: Path) -> None:
    report, _ = await run(plan(url, tmp_path, seconds=3.0, kill=0.6))
    assert report.kills >= 2
    assert_good(report)


@pytest.mark.slow
async def test_a_minute_of_four_processes_and_kills(url: str, tmp_path: Path) -> None:
    report, _ = await run(plan(url, tmp_path, processes=4, callers=32, seconds=60.0, kill=3.0))
    assert report.kills >= 10
    assert_good(report)


@pytest.fixture
async def inspection(url: str) -> AsyncIterator[Inspection]:
    """A log of some decisions, one of them appealed and one erased, and everything that was acknowledged of it."""
    async with opened(url) as log:
        findings = Findings()
        ledger = Ledger(findings)
        for number in range(COUNT):
            entry = made(TENANTS[0], f"request-{number}", f"person-{number}")
            ledger.add(acknowledged(await log.append(entry), 100, number, ""))
        first = await log.find(TENANTS[0], "request-0")
        assert first is not None
        appeal = Appeal(TENANTS[0], "platform", "appeal", first.decision_id, "MISTAKE")
        ledger.add(acknowledged(await log.perform(appeal), 100, -1, first.decision_id))
        erase = Erase(TENANTS[0], "privacy", "forget", "person-3")
        ledger.add(acknowledged(await log.perform(erase), 100, -1, "person-3"))
        record = CheckpointRecord(VerifierKey.parse(VKEY), findings)
        yield Inspection(log, ledger, record, findings, VKEY, Random(7))


async def broken_by(check: Check, inspection: Inspection) -> set[str]:
    """What `check` finds broken in so many rounds that it has looked at everything."""
    for _ in range(ROUNDS):
        await check(inspection)
        if inspection.findings.total:
            break
    return {violation.what for violation in inspection.findings.violations}


@pytest.mark.parametrize("check", [*CHECKS, checks.check_checkpoints, sweep.sweep, sweep.check_whole_lists])
async def test_nothing_is_broken_in_a_log_that_nobody_touched(inspection: Inspection, check: Check) -> None:
    before = inspection.findings.checks.total()
    for _ in range(COUNT):
        await check(inspection)
    assert inspection.findings.violations == []
    assert inspection.findings.checks.total() > before


@pytest.mark.parametrize(
    ("damage", "check", "broken"),
    [
        ("DELETE FROM entries WHERE log_index = 7", sweep.sweep, "leaf in place"),
        (
            "UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE log_index = 1) WHERE log_index = 2",
            sweep.sweep,
            "leaf in place",
        ),
        ("UPDATE postings SET log_index = 1000 WHERE log_index = 5", sweep.check_whole_lists, "whole list"),
        ("DELETE FROM postings WHERE log_index = 5", lists.check_list, "listed"),
        ("DELETE FROM postings WHERE log_index = 5", lists.check_window, "window"),
        ("DELETE FROM events", checks.check_history, "history"),
        ("UPDATE private SET fields = '{}' WHERE log_index < 9", lists.check_list, "listed"),
        (
            "UPDATE entries SET request_key = decision_id WHERE log_index < 9",
            checks.check_request,
            "request found",
        ),
    ],
)
async def test_damage_is_told(inspection: Inspection, url: str, damage: str, check: Check, broken: str) -> None:
    if "request_key" in damage and url.startswith("postgresql"):
        damage = damage.replace("decision_id", "decode(decision_id, 'hex')")
    assert execute(url, damage) > 0
    assert broken in await broken_by(check, inspection)


async def test_plaintext_that_comes_back_is_told(inspection: Inspection, url: str) -> None:
    kept = await inspection.log.find(TENANTS[0], "request-3")
    assert kept is not None
    assert "subject" not in kept.private
    statement = "UPDATE private SET fields = (SELECT fields FROM private WHERE log_index = 4) WHERE log_index = 3"
    assert execute(url, statement) == 1
    assert {"erased", "plaintext"} <= await broken_by(checks.check_entry, inspection)


async def test_a_split_view_is_told(sqlite_log_url: str, tmp_path: Path) -> None:
    """Two histories under one key: of one size, or of two that do not extend each other."""
    async with opened(sqlite_log_url) as log:
        await log.append(decision(0))
    other = tmp_path / "other.db"
    shutil.copy(sqlite_path(sqlite_log_url), other)
    findings = Findings()
    record = CheckpointRecord(VerifierKey.parse(VKEY), findings)
    async with opened(sqlite_log_url) as shown, opened(sqlite_url(other)) as hidden:
        record.add((await shown.checkpoint()).text)
        record.add((await hidden.checkpoint()).text)
        await record.compare(shown.consistency)
        assert findings.total == 0
        for number in (1, 2):
            await shown.append(decision(number))
        await hidden.append(decision(11))
        record.add((await shown.checkpoint()).text)
        record.add((await hidden.checkpoint()).text)
        await record.compare(shown.consistency)
        assert {each.what for each in findings.violations} == {"consistency"}
        await hidden.append(decision(12))
        record.add((await hidden.checkpoint()).text)
    assert {each.what for each in findings.violations} == {"consistency", "one size, one root"}


def test_a_checkpoint_of_another_key_is_told() -> None:
    findings = Findings()
    record = CheckpointRecord(VerifierKey.parse(VKEY), findings)
    record.add("log.example/test\n1\n" + "A" * 43 + "=\n\n\N{EM DASH} log.example/test AAAA\n")
    assert [each.what for each in findings.violations] == ["checkpoint is signed"]


def entry(index: int, request: str = "", leaf: str = "") -> Acknowledged:
    leaf = leaf or f"{index + 1:064x}"[::-1]
    return Acknowledged(index, f"id-{index}", "decision", TENANTS[0], request or f"r{index}", leaf, index, 1000, True)


def test_contradicting_acknowledgements_are_told() -> None:
    findings = Findings()
    ledger = Ledger(findings)
    for index in (5, 0, 5):
        ledger.add(entry(index))
    assert (findings.total, ledger.entries) == (0, 2)
    ledger.add(entry(5, "r5", leaf="ab" * 32))
    assert [each.what for each in findings.violations] == ["one index, one entry"]
    ledger.add(entry(9, "r5"))
    assert [each.what for each in findings.violations[1:]] == ["one request, one entry"]
    assert ledger.places.first(TENANTS[0], "decision", 0, 6) == 5
    assert ledger.places.first(TENANTS[0], "decision", 0, 5) == -1


async def test_an_entry_that_a_follower_passed_over_is_told(inspection: Inspection, url: str) -> None:
    async def piece(start: int) -> None:
        reached = start
        async for recorded in inspection.log.follow(TENANTS[0], Filter(), reached):
            lists.check_gap(inspection, reached, recorded)
            reached = recorded.index
            if reached == COUNT - 1:
                return

    await piece(-1)
    assert inspection.findings.total == 0
    execute(url, "UPDATE entries SET kind = 'intent' WHERE log_index = 7")
    await piece(-1)
    assert [each.what for each in inspection.findings.violations] == ["followed"]


def test_messages_and_orders_cross_a_pipe() -> None:
    for message in (Ready(), entry(3), Checked({"receipt": 3}, {})):
        assert read(write(message)) == message
    orders = Orders.of(Plan("url", Path("keys"), ORIGIN, "run"), worker=1, life=2, start=3)
    assert Orders.read(orders.write()) == orders


def test_percentiles_are_right_within_a_class() -> None:
    latency = Latency()
    assert latency.percentile(0.5) == 0
    for milliseconds in range(1, 1001):
        latency.add(milliseconds * 1000)
    assert latency.percentile(0.5) == pytest.approx(500, rel=0.05)
    assert latency.percentile(0.99) == pytest.approx(990, rel=0.05)

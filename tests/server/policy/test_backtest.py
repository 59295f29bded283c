"""Backtests: decided again is what would have been decided, whatever was found; what is not known is said."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from core.errors import LimitExceeded
from core.media import digest_of
from countersign.errors import Forbidden, InvalidRequest
from detectors.base import Verdict
from policies.base import Action, Subject
from policies.engine import RulePolicy, load_policy
from policies.files import packs, read_text
from policies.rules import NO_RULE_FIRED
from server.audit import AuditLog
from server.policy.backtest import Backtests, Progress, Result, Wanted
from server.policy.backtest import run as running
from server.policy.backtest.classes import LeafClasses
from server.policy.backtest.replay import Replay
from tests.policies.fakes import FakeMeasuring
from tests.server.fakes import RedDetector
from tests.server.policy.logged import MOMENT, Drawer, log_all, subjects
from tests.server.policy.stations import Station, cases, policy, red
from tests.server.policy.written import RULE, SOURCES, leaf_of, scored

CONDITIONS = (
    "copy_move.score > 20.0",
    "copy_move.score >= 10.0 && copy_move.score < 30.0",
    "10.0 < jpeg_history.score || metadata.detected",
    "copy_move.score > jpeg_history.score",
    "copy_move.score * 2.0 > 30.0",
    "metadata.probability > 0.5 && !known_hash.abstained",
    '"sd.prompt" in metadata.codes',
    "metadata.codes.exists(code, code.startsWith('iptc'))",
    'credential.state in ["invalid", "trusted"]',
    "credential.ai_generated || copy_move.failed",
    "media.width > 1000 && media.height > 1000",
    "media.duration > 50.0",
    'request.jurisdiction == "DE"',
    "learned.outlying > 1.0",
    "learned.spread * 2.0 > 1.0 || learned.quality.sharpness < 0.5",
    "learned.detected && learned.flips <= 1.0",
)
MEASURED = (*SOURCES, FakeMeasuring("learned"))
EXTRAS = (
    "",
    "\n    applies_to: {surfaces: [feed]}",
    "\n    applies_to: {kinds: [image], jurisdictions: [DE, US]}",
    "\n    exemptions: ['request.surface == \"avatar\"']",
    "\n    rollout: 30",
    "\n    effective_from: 2026-09-02",
    "\n    effective_until: 2026-09-02",
)


def drawn(chance: random.Random) -> RulePolicy:
    """A policy of some of the conditions above."""
    rules = []
    for number, when in enumerate(chance.sample(CONDITIONS, 4)):
        missing = chance.choice(["review", "skip\n    skip_reason: Not tried."])
        action = chance.choice(["block", "review", "label", "allow\n    exemption: true"])
        extras = [each for each in EXTRAS if "exemptions" not in each or not action.startswith("allow")]
        fields = {"id": f"rule-{number}", "when": json.dumps(when), "action": action, "missing": missing}
        rules.append(RULE.format(**fields, extra=chance.choice(extras)))
    text = f'id: drawn\nversion: "1"\ndescription: Drawn at random.\nrules:{"".join(rules)}'
    return load_policy(text, "drawn", MEASURED)


def decided(policy: RulePolicy, subject: Subject) -> tuple[str, tuple[str, ...]]:
    decision = policy.decide(subject)
    return decision.action.name, tuple(each.rule for each in decision.reasons if each.code != NO_RULE_FIRED)


@pytest.mark.parametrize("seed", range(12))
def test_a_replay_decides_as_the_policy_does(seed: int) -> None:
    """Also where the class was decided on before: thousands of subjects, some dozens of classes."""
    chance = random.Random(seed)
    policy = drawn(chance)
    replay = Replay(policy, MEASURED)
    for subject in subjects(Drawer(chance, MEASURED), 400):
        leaf = orjson.loads(orjson.dumps(leaf_of(subject)))
        again = replay.decide(leaf, MOMENT)
        assert not again.unknown
        assert (again.action, again.rules) == decided(policy, subject)


@pytest.mark.parametrize("path", packs(), ids=lambda path: path.stem)
def test_every_shipped_policy_is_replayed_as_it_decides(path: Any) -> None:
    policy = load_policy(read_text(path), path.name, SOURCES)
    replay = Replay(policy, SOURCES)
    for subject in subjects(Drawer(random.Random(1), SOURCES), 300):
        again = replay.decide(leaf_of(subject), MOMENT)
        assert (again.action, again.rules) == decided(policy, subject)


def test_what_only_compares_with_written_numbers_makes_few_classes() -> None:
    compares = load_policy(scored("copy_move.score > 20.0"), "p", SOURCES)
    computes = load_policy(scored("copy_move.score * 2.0 > 40.0"), "p", SOURCES)
    seen = list(subjects(Drawer(random.Random(2), SOURCES), 500))
    few, many = (
        len({LeafClasses(each, SOURCES).of(leaf_of(subject), MOMENT) for subject in seen})
        for each in (compares, computes)
    )
    assert few < 60, "what rules of the base read is told apart too"
    assert many > 300


def test_a_limit_itself_belongs_to_one_side() -> None:
    for operator in (">", ">=", "<", "<=", "=="):
        policy = load_policy(scored(f"copy_move.score {operator} 20.0"), "p", SOURCES)
        replay, drawer = Replay(policy, SOURCES), Drawer(random.Random(3), SOURCES)
        for score in (19.5, 20.0, 20.5) * 2:
            (subject,) = subjects(drawer, 1)
            found = tuple(replace(each, score=score, verdict=Verdict.DETECTED) for each in subject.findings)
            subject = replace(subject, findings=found)
            assert replay.decide(leaf_of(subject), MOMENT).action == policy.decide(subject).action.name


class New(RedDetector):
    """Was not there when the log was written."""

    name = "brand_new"


def test_a_detector_that_was_not_there_is_not_guessed() -> None:
    sources = (*SOURCES, New())
    when = {
        "brand_new.detected": {"brand_new.detected"},
        "copy_move.score > 1000.0 && brand_new.score > 1.0": set[str](),
        "copy_move.score >= 0.0 || brand_new.ran": set[str](),
        "!brand_new.ran": {"brand_new.ran"},
    }
    for condition, unknown in when.items():
        extra = "\n    applies_to: {kinds: [image]}"
        replay = Replay(load_policy(scored(condition, extra=extra), "p", sources), sources)
        for subject in subjects(Drawer(random.Random(4), SOURCES), 60):
            measured = all(each.score is not None for each in subject.findings)
            again = replay.decide(leaf_of(subject), MOMENT)
            if subject.kind == "video":
                assert not again.unknown, "no rule applies"
            elif measured:
                assert again.unknown == unknown, condition


def test_an_exemption_that_nobody_can_tell_is_not_guessed() -> None:
    sources = (*SOURCES, New())
    extra = "\n    applies_to: {kinds: [image]}\n    exemptions: [brand_new.detected]"
    replay = Replay(load_policy(scored("copy_move.score > 20.0", extra=extra), "p", sources), sources)
    for subject in subjects(Drawer(random.Random(5), SOURCES), 60):
        scores = [each.score for each in subject.findings if each.detector == "copy_move"]
        fires = subject.kind == "image" and scores[0] is not None and scores[0] > 20
        assert replay.decide(leaf_of(subject), MOMENT).unknown == ({"brand_new.detected"} if fires else set())


async def replayed(log: AuditLog, policy: RulePolicy, *tenants: str, **fields: Any) -> tuple[list[Progress], Result]:
    wanted = Wanted(tenants or ("acme",), **fields)
    parts = [part async for part in Backtests(log, SOURCES).run(policy, wanted, reader="acme")]
    assert isinstance(parts[-1], Result)
    return [part for part in parts if isinstance(part, Progress)], parts[-1]


def moves(before: RulePolicy, after: RulePolicy, seen: Sequence[Subject]) -> Counter[tuple[str, str]]:
    return Counter((before.decide(each).action.name, after.decide(each).action.name) for each in seen)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_log_is_replayed_whole_and_counted_right(served: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PIECE", 40)
    monkeypatch.setattr(running, "_PIECE", running._PIECE.limit(40))
    before, after = (load_policy(scored(f"copy_move.score > {limit}"), "p", SOURCES) for limit in (30.0, 10.0))
    seen = list(subjects(Drawer(random.Random(10), SOURCES), 100))
    others = list(subjects(Drawer(random.Random(7), SOURCES), 30, "other"))
    ids = await log_all(served.log, before, [*seen, *others])
    progress, result = await replayed(served.log, after)
    assert [each.done for each in progress] == [0, 40, 80, 100]
    assert {each.total for each in progress} == {100}
    expected = moves(before, after, seen)
    assert {(cell.before, cell.after): cell.count for cell in result.matrix} == expected
    changed = expected["ALLOW", "BLOCK"]
    assert (result.decisions, result.replayed, result.changed) == (100, 100, changed)
    (cell,) = [each for each in result.matrix if each.samples]
    assert len(cell.samples) == 5
    assert set(cell.samples) <= {
        each for each, subject in zip(ids, seen, strict=False) if after.decide(subject).action is Action.BLOCK
    }
    (rule,) = [each for each in result.rules if each.rule == "scored"]
    assert (rule.after - rule.before, rule.decides, rule.decided) == (changed, changed, 0)
    assert result.decided_by == {before.digest: 100}
    assert {group.name for group in result.labels} <= {source.label for source in SOURCES}
    _, both = await replayed(served.log, after, "acme", "other", "acme")
    assert {group.name: group.replayed for group in both.tenants} == {"acme": 100, "other": 30}
    middle = (await served.log.get("acme", ids[49])).recorded_at
    _, late = await replayed(served.log, after, since=middle)
    _, early = await replayed(served.log, after, until=middle)
    assert late.decisions + early.decisions == 100
    assert late.decisions >= 51


@pytest.mark.asyncio(loop_scope="session")
async def test_rules_that_begin_are_judged_as_of_the_decision_or_of_the_moment_asked_for(served: Station) -> None:
    before = load_policy(scored("copy_move.score > 1000.0"), "p", SOURCES)
    later = "2999-01-01"
    after = load_policy(scored("copy_move.score >= 0.0", extra=f"\n    effective_from: {later}"), "p", SOURCES)
    await log_all(served.log, before, list(subjects(Drawer(random.Random(8), SOURCES), 20)))
    _, then = await replayed(served.log, after)
    _, once = await replayed(served.log, after, as_of=MOMENT + timedelta(days=400_000 - 40_000))
    assert then.changed == 0
    assert once.changed > 0


@pytest.mark.asyncio(loop_scope="session")
async def test_what_is_recorded_meanwhile_is_left_out_and_who_leaves_ends_it(served: Station) -> None:
    before = load_policy(scored("copy_move.score > 30.0"), "p", SOURCES)
    seen = list(subjects(Drawer(random.Random(9), SOURCES), 30))
    await log_all(served.log, before, seen)
    backtests = Backtests(served.log, SOURCES)
    stream = backtests.run(before, Wanted(("acme",)), reader="acme")
    assert await anext(stream) == Progress(0, 30)
    with pytest.raises(LimitExceeded, match="calls of this kind run already"):
        await anext(backtests.run(before, Wanted(("acme",)), reader="acme"))
    await log_all(served.log, before, seen, first=30)
    *_, result = [part async for part in stream]
    assert isinstance(result, Result)
    assert (result.decisions, result.changed) == (30, 0)
    left = backtests.run(before, Wanted(("acme",)), reader="acme")
    await anext(left)
    await left.aclose()  # type: ignore[attr-defined]
    assert await anext(backtests.run(before, Wanted(("acme",)), reader="acme")) == Progress(0, 60)


@pytest.mark.asyncio(loop_scope="session")
async def test_over_the_wire_with_what_was_refused_and_whose_it_is(served: Station) -> None:
    digest = await served.activate(policy("strict", 100), cases(100))
    for amount in (90, 120, 160, 220):
        await served.screen(red(amount))
    await served.screen(red(220), who="dan")
    with pytest.raises(InvalidRequest):
        await served.screen(b"no picture")
    told: list[tuple[int, int]] = []
    result = await served.ask(
        "ann", lambda it: it.backtest_policy(policy("lax", 200), progress=lambda *each: told.append(each))
    )
    assert told[-1] == (5, 5)
    assert (result.decisions, result.replayed, result.refused, result.changed) == (5, 4, 1, 2)
    assert dict(result.decided_by) == {digest: 4}
    by_group = await served.ask("gus", lambda it: it.backtest_policy(digest, tenants=["acme", "other"]))
    assert {each.name: (each.replayed, each.changed) for each in by_group.tenants} == {"acme": (4, 0), "other": (1, 0)}
    for who, tenants in (("ann", ["other"]), ("dan", ["acme", "other"]), ("gus", ["nobody"])):
        with pytest.raises(Forbidden, match="may not read the tenant"):
            await served.ask(who, lambda it, named=tenants: it.backtest_policy(digest, tenants=named))  # type: ignore[misc]
    with pytest.raises(InvalidRequest, match="there is no signal"):
        await served.ask("ann", lambda it: it.backtest_policy(policy("lax", when="blue.score > 1.0")))


@pytest.mark.asyncio(loop_scope="session")
async def test_decisions_go_on_while_a_backtest_runs(served: Station) -> None:
    before = load_policy(scored("copy_move.score > 30.0"), "p", SOURCES)
    await log_all(served.log, before, list(subjects(Drawer(random.Random(10), SOURCES), 200)))
    running_now = asyncio.create_task(served.ask("gus", lambda it: it.backtest_policy(policy("lax"), tenants=["acme"])))
    decision = await served.screen(red(120))
    assert decision.decision_id
    assert (await running_now).not_replayable > 100, "the log's detectors are others than this server's"


def test_the_digest_of_content_decides_about_shares_in_a_replay_too() -> None:
    policy = load_policy(scored("copy_move.score >= 0.0", extra="\n    rollout: 50"), "p", SOURCES)
    replay, seen = Replay(policy, SOURCES), list(subjects(Drawer(random.Random(11), SOURCES), 200))
    assert {digest_of(b"1"), digest_of(b"2")} <= {each.digest for each in seen}
    again = [replay.decide(leaf_of(each), MOMENT).action for each in seen]
    assert again == [policy.decide(each).action.name for each in seen]
    assert 20 < again.count("BLOCK") < 180

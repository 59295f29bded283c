"""A policy from its proposal to its end, over gRPC: who may do what, what decides meanwhile, and what is said."""

from __future__ import annotations

import asyncio
import json
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from core.media import digest_of
from core.sandbox import Sandbox
from countersign.errors import Conflict, Forbidden, InvalidRequest, NotFound, PreconditionFailed, Stale
from countersign.receipts import receipt_json
from countersign.v1 import common_pb2, policy_pb2
from countersign.verify.case import verify_case
from countersign.verify.policy import Trust
from countersign.verify.receipt import verify_receipt
from server.audit.fsck import fsck
from server.audit.tree.keys import VERIFIER_FILE
from server.policy import desk, loading
from server.policy.following import PAUSE
from server.provenance import Provenance
from server.services import candidates
from tests.server.fakes import RedDetector
from tests.server.policy.stations import GREEN, RED, Station, cases, policy, red, station

pytestmark = pytest.mark.asyncio(loop_scope="session")

STRICT, LAX = policy("strict", 100), policy("lax", 240)
BLOCK, ALLOW = common_pb2.ACTION_BLOCK, common_pb2.ACTION_ALLOW


def new_id() -> str:
    return uuid.uuid4().hex


async def test_from_proposal_to_deciding_and_back(served: Station) -> None:
    assert (await served.screen(RED)).action == ALLOW, "the base allows everything"
    proposed = await served.ask("ann", lambda it: it.propose_policy(STRICT, cases(100), note="reds are up"))
    digest = proposed.version.digest
    assert all(check.ok for check in verify_receipt(receipt_json(proposed.receipt), None, Trust()))
    assert (await served.screen(red(231))).action == ALLOW, "a proposal decides nothing"
    await served.ask("bob", lambda it: it.approve_policy(digest, note="agreed"))
    activated = await served.ask("ann", lambda it: it.activate_policy(digest))
    assert activated.live.stable_digest == digest
    decided = await served.screen(red(232))
    assert (decided.action, decided.policy_digest) == (BLOCK, digest), "at once, where it was activated"
    await served.ask("ann", lambda it: it.roll_back_policy(note="too many"))
    assert (await served.screen(red(233))).action == ALLOW
    version = await served.ask("bob", lambda it: it.get_policy(digest))
    kinds = [policy_pb2.PolicyStepKind.Name(step.kind).removeprefix("POLICY_STEP_KIND_") for step in version.steps]
    assert kinds == ["PROPOSED", "APPROVED", "ACTIVATED", "ROLLED_BACK"]
    assert [(step.actor, step.note) for step in version.steps[:2]] == [
        ("acme/ann", "reds are up"),
        ("acme/bob", "agreed"),
    ]
    assert version.text == STRICT
    assert version.standing == policy_pb2.POLICY_STANDING_SUPERSEDED


async def test_a_decision_can_be_explained_by_the_version_that_made_it(served: Station) -> None:
    digest = await served.activate(STRICT, cases(100))
    decided = await served.screen(RED)
    bundle = await served.ask("ann", lambda it: it.bundle(decided.decision_id))
    failed = [check for check in verify_case(bundle, Trust(), None, None) if not check.ok]
    assert not failed, failed
    assert digest.removeprefix("sha256:").encode() in bundle


async def test_a_second_person_is_needed_and_another_role(served: Station) -> None:
    digest = (await served.ask("ann", lambda it: it.propose_policy(STRICT, cases(100)))).version.digest
    with pytest.raises(PreconditionFailed, match="you proposed this version yourself"):
        await served.ask("ann", lambda it: it.approve_policy(digest))
    with pytest.raises(PreconditionFailed, match="a second person has to"):
        await served.ask("bob", lambda it: it.activate_policy(digest))
    for call in (
        lambda it: it.propose_policy(STRICT, cases(100)),
        lambda it: it.approve_policy(digest),
        lambda it: it.activate_policy(digest),
        lambda it: it.roll_back_policy(),
        lambda it: it.backtest_policy(digest),
    ):
        with pytest.raises(Forbidden, match="lacks the role 'policy"):
            await served.ask("eve", call)


async def test_nothing_is_activated_that_does_not_pass_its_own_tests(served: Station) -> None:
    digests = {
        "wrong": await served.propose(policy("wrong", 100), cases(100, "review")),
        "none": await served.propose(policy("none", 100), ""),
        "broken": await served.propose(policy("broken", 100), "policy: house\ncases: nonsense\n"),
    }
    said = {
        "wrong": "does not pass its tests: a red picture: expected review, got block because of too-red",
        "none": "has no test cases: propose it again together with some",
        "broken": "does not pass its tests: cases:2:1: `cases` must be a list with at least one case$",
    }
    for name, words in said.items():
        with pytest.raises(PreconditionFailed, match=words):
            await served.move(digests[name])
    assert (await served.screen(RED)).action == ALLOW


async def test_what_cannot_be_used_is_refused_in_words_with_its_place(served: Station) -> None:
    text = policy("1").replace("red.score", "red.scoer", 1)
    (problem,) = (await served.ask("ann", lambda it: it.check_policy(text))).problems
    assert (problem.line, problem.rule, problem.hint) == (7, "too-red", "did you mean 'red.score'?")
    with pytest.raises(InvalidRequest, match="there is no signal 'red.scoer' .did you mean 'red.score'?"):
        await served.ask("ann", lambda it: it.propose_policy(text, ""))
    assert not (await served.ask("ann", lambda it: it.list_policies())).versions


async def test_tests_of_a_version_are_recorded_and_those_of_a_text_are_not(served: Station) -> None:
    answer = await served.ask("ann", lambda it: it.test_policy(STRICT, cases(100)))
    assert answer.passed
    assert next(case.name for case in answer.cases) == "a red picture"
    digest = (await served.ask("ann", lambda it: it.propose_policy(STRICT, cases(99)))).version.digest
    answer = await served.ask("ann", lambda it: it.test_policy(digest))
    assert [case.name for case in answer.cases if case.failures] == ["a red picture"]
    assert not answer.passed
    (_, tested) = (await served.ask("ann", lambda it: it.get_policy(digest))).steps
    assert (tested.tests_passed, tested.tests_failed) == (2, 1)


async def test_the_same_request_is_answered_again_and_another_one_is_a_conflict(served: Station) -> None:
    ids = [new_id() for _ in range(3)]
    answers = []
    digest = digest_of(STRICT.encode())
    for _ in range(2):
        first = await served.ask("ann", lambda it: it.propose_policy(STRICT, cases(100), request_id=ids[0]))
        second = await served.ask("bob", lambda it: it.approve_policy(digest, request_id=ids[1]))
        third = await served.ask("ann", lambda it: it.activate_policy(digest, request_id=ids[2]))
        answers.append([each.receipt.log_index for each in (first, second, third)])
    assert answers[0] == answers[1]
    with pytest.raises(Conflict, match="used for a different request"):
        await served.ask("ann", lambda it: it.activate_policy(digest, percent=5, request_id=ids[2]))
    back = new_id()
    taken = await served.ask("ann", lambda it: it.roll_back_policy(request_id=back))
    again = await served.ask("ann", lambda it: it.roll_back_policy(request_id=back))
    assert taken.receipt.log_index == again.receipt.log_index, "a retried rollback takes nothing more back"


async def test_two_activations_at_once_and_one_that_looked_too_early(served: Station) -> None:
    digests = [await served.propose(STRICT, cases(100)), await served.propose(LAX, cases(240))]
    outcomes = await asyncio.gather(
        served.ask("ann", lambda it: it.activate_policy(digests[0], seen_index=-1)),
        served.ask("bob", lambda it: it.activate_policy(digests[1], seen_index=-1)),
        return_exceptions=True,
    )
    (lost,) = [each for each in outcomes if isinstance(each, Stale)]
    (won,) = [each for each in outcomes if isinstance(each, policy_pb2.ActivatePolicyResponse)]
    winner = "ann" if won.version.digest == digests[0] else "bob"
    assert f"acme/{winner} activated house" in str(lost)
    assert f"entry {won.receipt.log_index}" in str(lost)
    assert (await served.ask("ann", lambda it: it.list_policies())).live.stable_digest == won.version.digest


async def test_a_staged_rollout_keeps_content_where_it_is(served: Station) -> None:
    base = await served.activate(LAX, cases(240))
    pictures = [red(200) for _ in range(24)]
    staged, decided = await served.activate(STRICT, cases(100), 10), list[set[int]]()
    for percent in (25, 60, 100):
        await served.move(staged, percent)
        seen = [await served.screen(picture) for picture in pictures]
        assert {each.policy_digest for each in seen} <= {base, staged}
        assert all((each.action == BLOCK) == (each.policy_digest == staged) for each in seen)
        decided.append({number for number, each in enumerate(seen) if each.policy_digest == staged})
    assert decided[0] <= decided[1] <= decided[2] == set(range(24))
    assert len(decided[1]) < 24, "24 of 24 below 60 % happens once in 200,000 runs"
    answer = await served.ask("ann", lambda it: it.roll_back_policy())
    assert answer.live.stable_digest == base


async def test_a_rollout_is_taken_back_before_another_one_begins(served: Station) -> None:
    staged = await served.activate(STRICT, cases(100), 10)
    digest = await served.propose(LAX, cases(240))
    with pytest.raises(PreconditionFailed, match="rolled out to 10 % of content; finish that or roll it back first"):
        await served.ask("ann", lambda it: it.activate_policy(digest))
    listed = await served.ask("ann", lambda it: it.list_policies())
    assert [(each.digest, each.percent) for each in listed.versions] == [(digest, 0), (staged, 10)]
    await served.ask("ann", lambda it: it.roll_back_policy())
    await served.ask("ann", lambda it: it.activate_policy(digest))


async def test_without_a_second_person_where_the_operator_wants_none(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance]
) -> None:
    async with station(tmp_path, f"sqlite:///{tmp_path / 'log.db'}", trusted, second_person=False) as alone:
        digest = (await alone.ask("ann", lambda it: it.propose_policy(STRICT, cases(100)))).version.digest
        await alone.ask("ann", lambda it: it.activate_policy(digest))
        assert (await alone.screen(RED)).policy_digest == digest


async def test_what_one_person_did_alone_does_not_hold_where_a_second_one_is_wanted(
    tmp_path: Path, trusted: tuple[Sandbox, Provenance]
) -> None:
    url = f"sqlite:///{tmp_path / 'log.db'}"
    async with station(tmp_path / "one", url, trusted, second_person=False) as alone:
        digest = (await alone.ask("ann", lambda it: it.propose_policy(STRICT, cases(100)))).version.digest
        await alone.ask("ann", lambda it: it.approve_policy(digest))
    async with station(tmp_path / "one", url, trusted) as again:
        with pytest.raises(PreconditionFailed, match="a second person has to"):
            await again.move(digest)
        assert (await again.screen(RED)).action == ALLOW
        await again.ask("bob", lambda it: it.approve_policy(digest))
        await again.move(digest)
        assert (await again.screen(red(231))).policy_digest == digest


async def test_nothing_that_staff_send_holds_the_server_up(served: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading a policy and trying its cases take as long as their authors please: none of it in the event loop."""
    seen: list[tuple[str, bool]] = []

    def watch(module: ModuleType, name: str) -> None:
        work = getattr(module, name)

        def watched(*args: Any, **fields: Any) -> Any:
            seen.append((name, in_event_loop()))
            return work(*args, **fields)

        monkeypatch.setattr(module, name, watched)

    for module, name in (
        *((desk, each) for each in ("find_problems", "load_policy", "run_cases")),
        *((candidates, "load_policy"), (candidates, "compiled"), (loading, "compiled")),
    ):
        watch(module, name)
    digest = await served.propose(STRICT, cases(100))
    assert (await served.ask("ann", lambda it: it.test_policy(digest))).passed
    await served.move(digest)
    decided = await served.screen(RED)
    await served.ask("ann", lambda it: it.dry_run_policy(LAX, GREEN))
    await served.ask("ann", lambda it: it.dry_run_policy(digest, GREEN))
    await served.ask("ann", lambda it: it.explain_decision(decided.decision_id))
    assert {name for name, _ in seen} == {"find_problems", "load_policy", "run_cases", "compiled"}
    assert not [name for name, held_up in seen if held_up]


def in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def test_what_nobody_proposed_is_not_found(served: Station) -> None:
    nothing = "sha256:" + "0" * 64
    for call in (
        lambda it: it.get_policy(nothing),
        lambda it: it.approve_policy(nothing),
        lambda it: it.activate_policy(nothing),
        lambda it: it.test_policy(nothing),
        lambda it: it.dry_run_policy(nothing, GREEN),
        lambda it: it.backtest_policy(nothing),
    ):
        with pytest.raises(NotFound, match="nobody has proposed"):
            await served.ask("ann", call)


class Renamed(RedDetector):
    """The same detector under another name: a server that lacks what a policy asks for."""

    name = "scarlet"


async def health(address: str) -> int:
    async with grpc.aio.insecure_channel(address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return int((await stub.Check(health_pb2.HealthCheckRequest(service="countersign.policy"), timeout=5)).status)


async def settled(holds: object, patience: float = 5 * PAUSE) -> None:
    for _ in range(int(patience / 0.05)):
        if holds():  # type: ignore[operator]
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nothing changed")


async def test_every_server_of_a_log_follows_and_one_that_cannot_says_so(
    tmp_path: Path, url: str, trusted: tuple[Sandbox, Provenance]
) -> None:
    async with (
        station(tmp_path / "one", url, trusted) as one,
        station(tmp_path / "one", url, trusted) as other,
        station(tmp_path / "one", url, trusted, detector=Renamed()) as lacking,
    ):
        digest = await one.activate(STRICT, cases(100))
        await settled(lambda: other.follower.policy.digest == digest)
        assert (await other.screen(RED)).policy_digest == digest
        await settled(lambda: lacking.follower.stale)
        assert "there is no signal 'red.score'" in lacking.follower.stale
        assert (await lacking.screen(red(234))).action == ALLOW, "what decided goes on deciding"
        assert lacking.metrics.registry.get_sample_value("countersign_policy_stale") == 1
        await lacking.monitor.check()
        await other.monitor.check()
        assert await health(lacking.address) == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await health(other.address) == health_pb2.HealthCheckResponse.SERVING
        assert "red.score" in (await lacking.ask("ann", lambda it: it.list_policies())).stale
        await one.ask("ann", lambda it: it.roll_back_policy())
        await settled(lambda: not lacking.follower.stale)
        assert lacking.metrics.registry.get_sample_value("countersign_policy_stale") == 0


async def test_a_server_that_starts_again_decides_by_what_was_activated(
    tmp_path: Path, url: str, trusted: tuple[Sandbox, Provenance]
) -> None:
    async with station(tmp_path / "one", url, trusted) as before:
        first = await before.activate(LAX, cases(240))
        staged = await before.activate(STRICT, cases(100), 50)
    async with station(tmp_path / "one", url, trusted) as after:
        assert after.follower.policy.digest == first
        assert after.follower.policy.deciding.live.staged == staged
        await after.ask("ann", lambda it: it.activate_policy(staged))
    async with station(tmp_path / "one", url, trusted, detector=Renamed()) as lacking:
        assert lacking.follower.policy.id == "house"
        assert "red.score" in lacking.follower.stale, "neither version can be used here: the base decides, loudly"
        assert (await lacking.screen(RED)).action == ALLOW
    report = fsck(url, (tmp_path / "one" / VERIFIER_FILE).read_text())
    assert report.ok, report.damages


async def test_while_policies_are_switched_each_decision_names_the_one_that_made_it(served: Station) -> None:
    """The limit tells which policy decided; the record says the same, however fast they change."""
    digests = {await served.activate(STRICT, cases(100)): BLOCK, await served.activate(LAX, cases(240)): ALLOW}
    done = asyncio.Event()

    async def screen() -> list[common_pb2.Decision]:
        found = []
        while not done.is_set():
            found.append(await served.screen(red(200)))
        return found

    screening = [asyncio.create_task(screen()) for _ in range(3)]
    for _ in range(4):
        await served.ask("ann", lambda it: it.roll_back_policy())
        await served.ask("ann", lambda it: it.activate_policy(list(digests)[1]))
    done.set()
    decided = [each for found in await asyncio.gather(*screening) for each in found]
    assert {each.policy_digest for each in decided} == set(digests)
    assert all(digests[each.policy_digest] == each.action for each in decided)
    for each in decided[:: max(1, len(decided) // 10)]:
        leaf = json.loads((await served.log.get("acme", each.decision_id)).leaf)
        configuration = await served.log.find(".operator", f"configuration-{leaf['configuration']}", "configuration")
        assert configuration is not None
        assert json.loads(configuration.leaf)["configuration"]["policy"]["digest"] == each.policy_digest


async def test_a_decision_is_explained_by_the_policy_that_made_it_not_by_todays(served: Station) -> None:
    await served.activate(STRICT, cases(100))
    picture = red(105)
    blocked = await served.screen(picture)
    allowed = await served.screen(red(95))
    await served.activate(LAX, cases(240))
    answer = await served.ask("eve", lambda it: it.explain_decision(blocked.decision_id))
    assert answer.reproduced
    assert answer.outcome.policy_digest == blocked.policy_digest
    assert (answer.milder.action, answer.milder.signal) == (ALLOW, "red.score")
    assert "red.score had been 100" in answer.milder.text
    answer = await served.ask("eve", lambda it: it.explain_decision(allowed.decision_id))
    assert [near.rule for near in answer.near_misses] == ["too-red"]
    with pytest.raises(NotFound):
        await served.ask("dan", lambda it: it.explain_decision(allowed.decision_id))
    answer = await served.ask("gus", lambda it: it.explain_decision(allowed.decision_id, tenant="acme"))
    assert answer.decision.tenant == "acme"


async def test_a_file_is_decided_on_by_two_policies_without_a_record(served: Station) -> None:
    await served.activate(LAX, cases(240))
    size = (await served.log.checkpoint()).size
    answer = await served.ask("ann", lambda it: it.dry_run_policy(STRICT, red(150)))
    assert (answer.live.action, answer.candidate.action) == (ALLOW, BLOCK)
    assert [reason.rule for reason in answer.candidate.reasons] == ["too-red"]
    assert "red" in [finding.detector for finding in answer.findings]
    with pytest.raises(InvalidRequest):
        await served.ask("ann", lambda it: it.dry_run_policy(STRICT, b"no picture"))
    with pytest.raises(InvalidRequest, match="there is no signal"):
        await served.ask("ann", lambda it: it.dry_run_policy(STRICT.replace("red.score >", "blue.score >"), GREEN))
    assert (await served.log.checkpoint()).size == size

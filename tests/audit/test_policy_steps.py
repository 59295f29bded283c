"""The life of a policy in the log: which step is due, who may take it, what decides afterwards, and races for it."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Conflict, InvalidInput, NotFound, PreconditionFailed, Stale
from core.media import digest_of
from server.audit import OPERATOR, AuditLog, Recorded
from server.audit.entries.policy import BASE, CASES_TYPE, WHOLE, Live, bucket
from server.audit.fsck import fsck
from server.audit.operations import Erase, PolicyChange
from server.audit.privacy.retention import RetentionKeeper, RetentionRule
from tests.audit.making import VKEY, execute, opened

A, B, C = (digest_of(f"policy {name}\n".encode()) for name in "ABC")
NAMES = {A: "A", B: "B", C: "C"}


def proposed(digest: str, actor: str = "acme/ann", number: int = 1, **changes: Any) -> PolicyChange:
    name = NAMES[digest]
    documents = (("application/yaml", "house", f"policy {name}\n"), (CASES_TYPE, "house", f"cases of {name}\n"))
    values = {"documents": documents, "name": "house", "version": name, "note": f"why {name}"}
    return PolicyChange("proposed", actor, f"propose-{name}-{number}", digest, **{**values, **changes})


def approved(digest: str, actor: str = "acme/bob", number: int = 1, **changes: Any) -> PolicyChange:
    return PolicyChange("approved", actor, f"approve-{NAMES[digest]}-{number}", digest, **changes)


def activated(digest: str, percent: int = WHOLE, number: int = 1, **changes: Any) -> PolicyChange:
    name = f"activate-{NAMES[digest]}-{percent}-{number}"
    values = {"actor": "acme/ann", "request_id": name, **changes}
    return PolicyChange("activated", digest=digest, percent=percent, **values)


def rolled_back(number: int = 1, **changes: Any) -> PolicyChange:
    return PolicyChange("rolled_back", "acme/ann", f"back-{number}", **changes)


async def live(log: AuditLog) -> tuple[str, str, int]:
    found, _ = await log.live_policy()
    return NAMES.get(found.stable, found.stable), NAMES.get(found.staged, found.staged), found.percent


async def ready(log: AuditLog, *digests: str) -> None:
    for digest in digests:
        await log.perform(proposed(digest))
        await log.perform(approved(digest))


def step_of(recorded: Recorded) -> str:
    return str(json.loads(recorded.leaf)["policy"]["step"])


async def test_a_version_goes_from_proposal_to_deciding(log: AuditLog) -> None:
    assert await live(log) == (BASE, "", 0)
    await ready(log, A, B)
    moved = await log.perform(activated(A))
    assert await live(log) == ("A", "", 0)
    assert (await log.live_policy())[0].index == moved.index
    await log.perform(activated(B, 10))
    assert await live(log) == ("A", "B", 10)
    await log.perform(activated(B, 50))
    assert await live(log) == ("A", "B", 50)
    await log.perform(activated(B))
    assert await live(log) == ("B", "", 0)
    assert [step_of(each) for each in await log.policy_steps(B)] == ["proposed", "approved", *["activated"] * 3]
    assert [step_of(each) for each in await log.policy_steps()][:5] == [*["proposed", "approved"] * 2, "activated"]


async def test_the_texts_are_kept_and_the_note_can_be_read(log: AuditLog) -> None:
    recorded = await log.perform(proposed(A))
    kept, cases = await log.document(A), await log.document(digest_of(b"cases of A\n"))
    assert kept is not None
    assert cases is not None
    assert (kept.data, kept.name, cases.mime) == (b"policy A\n", "house", CASES_TYPE)
    assert recorded.private["note"].value == "why A"
    assert b"ann" not in recorded.leaf, "a leaf stays for ever, a name need not"


async def test_a_rollback_takes_back_what_was_staged_then_what_came_before(log: AuditLog) -> None:
    await ready(log, A, B, C)
    await log.perform(activated(A))
    await log.perform(activated(B))
    await log.perform(activated(C, 5))
    for number, expected in enumerate((("B", "", 0), ("A", "", 0), (BASE, "", 0))):
        await log.perform(rolled_back(number))
        assert await live(log) == expected
    with pytest.raises(PreconditionFailed, match="nothing to roll back to"):
        await log.perform(rolled_back(9))
    await log.perform(activated(A, number=2))
    assert await live(log) == ("A", "", 0), "what was approved once can be activated again"


async def test_a_second_person_has_to_approve(log: AuditLog) -> None:
    await log.perform(proposed(A))
    with pytest.raises(PreconditionFailed, match="nobody else has approved this version"):
        await log.perform(activated(A))
    with pytest.raises(PreconditionFailed, match="you proposed this version yourself"):
        await log.perform(approved(A, "acme/ann"))
    await log.perform(approved(A, "acme/bob"))
    await log.perform(proposed(A, "acme/bob", 2))
    with pytest.raises(PreconditionFailed, match="nobody else has approved"):
        await log.perform(activated(A))
    assert await live(log) == (BASE, "", 0)


async def test_without_a_second_person_only_where_the_operator_said_so(log: AuditLog) -> None:
    await log.perform(proposed(A))
    await log.perform(activated(A, second_person=False))
    assert await live(log) == ("A", "", 0)


async def test_an_approval_of_ones_own_counts_only_where_no_second_person_is_needed(log: AuditLog) -> None:
    """One server of the log needs none, another does: what was done on the first does not bind the second."""
    await log.perform(proposed(A))
    await log.perform(approved(A, "acme/ann", second_person=False))
    for actor in ("acme/ann", "acme/bob"):
        with pytest.raises(PreconditionFailed, match="nobody else has approved this version"):
            await log.perform(activated(A, actor=actor))
    assert await live(log) == (BASE, "", 0)
    await log.perform(activated(A, 10, second_person=False))
    with pytest.raises(PreconditionFailed, match="nobody else has approved this version"):
        await log.perform(activated(A))
    await log.perform(approved(A, "acme/bob", 2))
    await log.perform(activated(A))
    assert await live(log) == ("A", "", 0)


@pytest.mark.parametrize(("gone", "said"), [(0, "no longer on record: it has to be proposed"), (1, "nobody else has")])
async def test_an_approval_counts_while_both_names_are_on_record(url: str, gone: int, said: str) -> None:
    """Who cannot be told from the other may be the same person."""
    async with opened(url) as log:
        steps = [await log.perform(proposed(A)), await log.perform(approved(A))]
        execute(url, "DELETE FROM private WHERE log_index = :at", at=steps[gone].index)
        with pytest.raises(PreconditionFailed, match=said):
            await log.perform(activated(A))
        await log.perform(proposed(A, number=2))
        await log.perform(approved(A, number=2))
        await log.perform(activated(A))


async def test_an_author_who_is_no_longer_on_record_cannot_be_told_from_a_second_person(url: str) -> None:
    async with opened(url) as log:
        recorded = await log.perform(proposed(A))
        execute(url, "DELETE FROM private WHERE log_index = :at", at=recorded.index)
        with pytest.raises(PreconditionFailed, match="no longer on record"):
            await log.perform(approved(A))


async def test_who_took_a_step_and_why_is_out_of_reach_of_erasure_and_retention(url: str) -> None:
    later = datetime.now(UTC) + timedelta(days=1000)
    async with opened(url) as log:
        recorded = await log.perform(proposed(A))
        for tenant in ("acme", OPERATOR):
            await log.perform(Erase(tenant, "acme/officer", f"erase-{tenant}", "acme/ann"))
        keeper = RetentionKeeper(log, [RetentionRule("*", 1, 1)], lambda: later, lambda: None)
        await keeper.keep()
        kept = (await log.get(OPERATOR, recorded.decision_id)).private
    assert (kept["actor"].value, kept["note"].value) == ("acme/ann", "why A")


async def test_what_nobody_proposed_cannot_be_approved_or_activated(log: AuditLog) -> None:
    for change in (approved(A), activated(A), PolicyChange("tested", "acme/ann", "test-1", A)):
        with pytest.raises(NotFound, match="nobody has proposed"):
            await log.perform(change)
    with pytest.raises(InvalidInput, match="comes with its text"):
        await log.perform(proposed(A, documents=(("application/yaml", "house", "another"),)))


async def test_nothing_is_activated_beside_a_rollout_or_twice(log: AuditLog) -> None:
    await ready(log, A, B)
    await log.perform(activated(A, 10))
    with pytest.raises(PreconditionFailed, match="rolled out to 10 %"):
        await log.perform(activated(B))
    with pytest.raises(PreconditionFailed, match="decides on 10 % of content already"):
        await log.perform(activated(A, 10, 2))
    await log.perform(activated(A, 20))
    await log.perform(activated(A))
    for percent in (WHOLE, 50):
        with pytest.raises(PreconditionFailed):
            await log.perform(activated(A, percent, 3))


async def test_the_same_request_is_one_step(log: AuditLog) -> None:
    await ready(log, A)
    first = await log.perform(activated(A))
    again = await log.perform(activated(A))
    assert (again.index, again.fresh) == (first.index, False)
    with pytest.raises(Conflict, match="used for a different request"):
        await log.perform(activated(A, 10, request_id=first.request_id))


async def test_of_two_activations_at_once_one_is_told_who_won(url: str) -> None:
    """Two servers on one log: each decides by what it saw, and the log decides between them."""
    async with opened(url) as one, opened(url) as other:
        await ready(one, A, B)
        seen = (await other.live_policy())[0].index
        outcomes = await asyncio.gather(
            one.perform(activated(A, seen=seen, actor="acme/ann")),
            other.perform(activated(B, seen=seen, actor="acme/bob")),
            return_exceptions=True,
        )
        (won,) = [each for each in outcomes if isinstance(each, Recorded)]
        (lost,) = [each for each in outcomes if isinstance(each, Stale)]
        who, what = ("ann", "A") if (await live(one))[0] == "A" else ("bob", "B")
        assert f"acme/{who} activated house {what}" in str(lost)
        assert f"entry {won.index}" in str(lost)
        assert await live(one) == await live(other) == (what, "", 0)


async def test_many_who_race_never_win_twice(url: str) -> None:
    async with opened(url) as one, opened(url) as other:
        await ready(one, A)
        for number in range(5):
            seen = (await one.live_policy())[0].index
            racing = [
                each.perform(activated(A, 10 + number, of, seen=seen)) for of, each in enumerate([one, other] * 4)
            ]
            outcomes = await asyncio.gather(*racing, return_exceptions=True)
            assert sum(isinstance(each, Recorded) for each in outcomes) == 1
            assert all(isinstance(each, Recorded | Stale) for each in outcomes), outcomes


async def test_fsck_finds_a_whole_life_sound_and_a_missing_text(url: str) -> None:
    async with opened(url) as log:
        await ready(log, A, B)
        await log.perform(PolicyChange("tested", "acme/ann", "test-1", A, tests={"passed": 3, "failed": 0}))
        await log.perform(activated(A))
        await log.perform(rolled_back())
    report = fsck(url, VKEY)
    assert report.ok, report.damages
    execute(url, "DELETE FROM documents WHERE digest = :digest", digest=A)
    assert {each.detail for each in fsck(url, VKEY).damages} == {f"the document {A} is missing"}


async def test_fsck_finds_a_posting_that_is_missing(url: str) -> None:
    async with opened(url) as log:
        await ready(log, A)
        moved = await log.perform(activated(A))
    execute(url, "DELETE FROM postings WHERE log_index = :at", at=moved.index)
    assert [each.what for each in fsck(url, VKEY).damages] == ["index"]


CONTENT = st.text(max_size=20)


@given(CONTENT, st.integers(1, 99), st.integers(1, 99))
def test_content_stays_with_a_version_while_its_share_grows(content: str, first: int, second: int) -> None:
    less, more = sorted((first, second))
    if Live(staged=A, percent=less).chosen(content) == A:
        assert Live(staged=A, percent=more).chosen(content) == A


def test_a_share_is_that_share_and_another_version_gets_another_one() -> None:
    contents = [str(number) for number in range(20_000)]
    taken = {each for each in contents if Live(staged=A, percent=10).chosen(each) == A}
    assert 0.09 < len(taken) / len(contents) < 0.11
    both = [each for each in taken if Live(staged=B, percent=10).chosen(each) == B]
    assert 0.05 < len(both) / len(taken) < 0.15, "nobody's content is always among the first"
    assert {bucket(each, A) for each in contents} <= set(range(10_000))


MOVES = st.lists(st.one_of(st.tuples(st.sampled_from([A, B, C]), st.integers(1, 100)), st.none()), max_size=30)


@given(MOVES)
def test_whatever_is_done_rolling_back_leads_to_the_beginning(moves: list[tuple[str, int] | None]) -> None:
    state, stables = Live(), [BASE]
    for move in moves:
        try:
            new = state.rolled_back() if move is None else state.activated(*move)
        except PreconditionFailed:
            continue
        if len(new.earlier) > len(state.earlier):
            stables.append(new.stable)
        elif len(new.earlier) < len(state.earlier):
            stables.pop()
        state = new
        assert state.stable == stables[-1] or len(state.earlier) == 16
        assert state == Live.read(state.index, state.as_json())
        assert (state.percent > 0) == bool(state.staged)

"""Whether a log only grew: the proof's text form, the checks, and the split view that has a name of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.checks import passed
from countersign.verify.consistency import ConsistencyProof, check_extension, verify_extension
from countersign.verify.errors import SplitView, VerificationError
from countersign.verify.policy import Trust
from countersign.verify.trust import TrustedKey
from tests.verify import naive
from tests.verify.world import ENTRIES, FIRST, FORK, ONE, SECOND, STRANGER, Signer, rotation

KEYS = [TrustedKey(FIRST.key)]
PINNED = Trust((str(FIRST.key),))
HASHES = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
BODY = f"old 20852014\n{HASHES}\nexample.com/behind-the-sofa\n20852163\nroot\n\n— a b\n"


def proof(first: int, second: int, entries: list[bytes] = ENTRIES) -> ConsistencyProof:
    return ConsistencyProof(first, tuple(naive.proof(first, entries[:second])) if first else ())


def test_the_form_is_that_of_add_checkpoint() -> None:
    found = ConsistencyProof.parse(BODY)
    assert (found.old_size, len(found.hashes)) == (20852014, 2)
    assert found.checkpoint == "example.com/behind-the-sofa\n20852163\nroot\n\n— a b\n"
    assert str(found) == BODY


@pytest.mark.parametrize("text", ["old 0\n\n", f"old 7\n{HASHES}\n", "old 5\n\nx"])
def test_hashes_and_checkpoint_may_be_missing(text: str) -> None:
    assert str(ConsistencyProof.parse(text)) == text


proofs = st.builds(
    ConsistencyProof,
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
    st.text(),
)


@given(proofs)
def test_what_is_written_reads_back(found: ConsistencyProof) -> None:
    assert ConsistencyProof.parse(str(found)) == found


@given(st.text() | st.text().map(lambda text: f"old {text}"))
def test_what_reads_writes_back_the_same(text: str) -> None:
    try:
        found = ConsistencyProof.parse(text)
    except VerificationError:
        return
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "old 0",
        "old 0\n",
        BODY.replace("old ", "old  "),
        BODY.replace("old ", "Old "),
        BODY.replace("old 2", "old 02"),
        BODY.replace("old 2", "old +2"),
        BODY.replace("old 20852014", f"old {2**63}"),
        BODY.replace("old 20852014", "old ٢"),
        BODY.replace("PlRN", "PlR"),
        BODY.replace("kaw=", "kax="),
        BODY.replace(HASHES, HASHES * 32),
        BODY.replace("\n", "\r\n"),
        " " + BODY,
    ],
)
def test_malformed_proofs_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        ConsistencyProof.parse(text)


@pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 7), (3, 7), (4, 8), (7, 7), (11, 12)])
def test_a_log_that_grew_is_one_log(first: int, second: int) -> None:
    notes = FIRST.checkpoint(first, ENTRIES), FIRST.checkpoint(second, ENTRIES)
    old, new = verify_extension(*notes, proof(first, second), KEYS)
    assert (old.size, new.size) == (first, second)
    checks = check_extension(*notes, proof(first, second), PINNED)
    assert [check.name for check in checks] == ["key", "old", "new", "consistency"]
    assert passed(checks)


def test_two_trees_of_one_size_are_a_split_view() -> None:
    notes = FIRST.checkpoint(9, ENTRIES), FIRST.checkpoint(9, FORK)
    with pytest.raises(SplitView, match="SPLIT VIEW"):
        verify_extension(*notes, proof(9, 9), KEYS)
    last = check_extension(*notes, proof(9, 9), PINNED)[-1]
    assert (last.name, last.ok) == ("consistency", False)
    assert last.detail.startswith("SPLIT VIEW: log.example/audit signed two trees of 9 entries")


def test_two_trees_of_which_one_is_a_strangers_convict_nobody() -> None:
    with pytest.raises(VerificationError) as caught:
        verify_extension(FIRST.checkpoint(9, ENTRIES), STRANGER.checkpoint(9, FORK), proof(9, 9), KEYS)
    assert not isinstance(caught.value, SplitView)


def test_a_rewritten_log_a_shrunk_log_and_another_log_fail() -> None:
    other = Signer("log.example/other", FIRST.private)
    keys = [*KEYS, TrustedKey(other.key)]
    for old, new, given_proof, words in (
        (FIRST.checkpoint(6, ENTRIES), FIRST.checkpoint(9, FORK), proof(6, 9), "leads to another"),
        (FIRST.checkpoint(6, ENTRIES), FIRST.checkpoint(9, FORK), proof(6, 9, FORK), "leads to another first root"),
        (FIRST.checkpoint(9, ENTRIES), FIRST.checkpoint(6, ENTRIES), ConsistencyProof(9, ()), "cannot be a prefix"),
        (FIRST.checkpoint(6, ENTRIES), other.checkpoint(9, ENTRIES), proof(6, 9), "two logs"),
        (FIRST.checkpoint(6, ENTRIES), FIRST.checkpoint(9, ENTRIES), proof(5, 9), "starts at 5"),
    ):
        with pytest.raises(VerificationError, match=words):
            verify_extension(old, new, given_proof, keys)


def test_a_log_that_changed_its_key_is_still_one() -> None:
    trust = Trust((str(FIRST.key),), (rotation(FIRST, SECOND, 8),))
    notes = FIRST.checkpoint(6, ENTRIES), SECOND.checkpoint(12, ENTRIES)
    assert passed(check_extension(*notes, proof(6, 12), trust))
    assert not passed(check_extension(*notes, proof(6, 12), PINNED))


def test_the_key_that_the_log_states_itself_is_said_not_to_be_pinned() -> None:
    notes = FIRST.checkpoint(6, ENTRIES), FIRST.checkpoint(12, ENTRIES)
    checks = check_extension(*notes, proof(6, 12), Trust(), str(FIRST.key))
    assert passed(checks)
    assert checks[0].detail.startswith("NOT PINNED")
    failed = [check.name for check in check_extension(*notes, proof(6, 12), Trust()) if not check.ok]
    assert failed == ["key", "old", "new", "consistency"]


def test_witnesses_are_asked_about_the_newer_checkpoint() -> None:
    trust = Trust((str(FIRST.key),), witnesses=(str(ONE.witness),))
    old, new = FIRST.checkpoint(6, ENTRIES), FIRST.checkpoint(12, ENTRIES)
    assert passed(check_extension(old, ONE.cosign(new), proof(6, 12), trust))
    assert not passed(check_extension(ONE.cosign(old), new, proof(6, 12), trust))


@given(st.integers(0, 12), st.integers(0, 12), st.booleans(), st.booleans(), st.data())
def test_whatever_the_prover_brings_two_histories_do_not_pass_as_one(
    first: int, second: int, forked: bool, wrong: bool, data: st.DataObject
) -> None:
    one, other = ENTRIES, FORK if forked else ENTRIES
    honest = proof(min(first, second), second, data.draw(st.sampled_from([one, other])))
    hashes = list(honest.hashes)
    if wrong:
        hashes = data.draw(st.permutations(hashes) | st.just(hashes[1:]) | st.just([*hashes, bytes(32)]))
    brought = ConsistencyProof(data.draw(st.just(first) | st.integers(0, 12)), tuple(hashes))
    try:
        verify_extension(FIRST.checkpoint(first, one), FIRST.checkpoint(second, other), brought, KEYS)
    except VerificationError:
        # What is true and honestly proven is never refused.
        assert first > second or brought != proof(first, second, other) or one[:first] != other[:first]
    else:
        assert first <= second
        assert one[:first] == other[:first]

"""Receipts under a policy of several keys, rotations and witnesses; and a prover who composes what was never logged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from countersign.verify.checks import Check, passed
from countersign.verify.note import NoteSignature, add_signatures
from countersign.verify.policy import Trust
from countersign.verify.receipt import verify_receipt
from countersign.verify.tlog_proof import TlogProof
from tests.verify import naive
from tests.verify.world import (
    ENTRIES,
    FIRST,
    FORK,
    ONE,
    SECOND,
    STRANGER,
    TWO,
    Signer,
    decision_id,
    receipt,
    rotation,
)

ROTATION = rotation(FIRST, SECOND, 6)
EARLY = receipt(3, ENTRIES, 6, FIRST.checkpoint(6, ENTRIES), FIRST)
LATE = receipt(3, ENTRIES, 12, SECOND.checkpoint(12, ENTRIES), SECOND)
WITNESSES = (str(ONE.witness), str(TWO.witness))


def failures(document: Any, trust: Trust | str | None) -> list[str]:
    return [check.name for check in verify_receipt(document, None, trust) if not check.ok]


def named(checks: list[Check], name: str) -> Check:
    (found,) = [check for check in checks if check.name == name]
    return found


@pytest.mark.parametrize(
    "trust",
    [
        Trust((str(FIRST.key), str(SECOND.key))),
        Trust((str(SECOND.key), f" {FIRST.key}\n")),
        Trust((str(FIRST.key),), (ROTATION,)),
        Trust((str(SECOND.key),), (ROTATION,)),
    ],
)
def test_receipts_from_before_and_after_a_rotation_hold(trust: Trust) -> None:
    for document in (EARLY, LATE):
        checks = verify_receipt(document, None, trust)
        assert passed(checks)
        assert [check.name for check in checks] == ["form", "key", "checkpoint", "inclusion", "entry"]


def test_a_key_that_came_by_rotation_is_said_to_have() -> None:
    trust = Trust((str(FIRST.key),), (ROTATION,))
    assert named(verify_receipt(EARLY, None, trust), "key").detail.startswith("the key is the pinned")
    assert named(verify_receipt(LATE, None, trust), "key").detail.startswith("rotations link")


def test_the_old_key_alone_knows_nothing_of_the_new_one() -> None:
    assert failures(LATE, Trust((str(FIRST.key),))) == ["key", "checkpoint", "inclusion"]


def test_after_the_rotation_the_old_key_signs_nothing_any_more() -> None:
    stolen = receipt(3, FORK, 12, FIRST.checkpoint(12, FORK), FIRST)
    assert not failures(stolen, Trust((str(FIRST.key),)))  # nobody told this reader
    for pinned in (FIRST, SECOND):
        assert failures(stolen, Trust((str(pinned.key),), (ROTATION,))) == ["checkpoint", "inclusion"]


def test_statements_do_not_pin_anything() -> None:
    checks = verify_receipt(EARLY, None, Trust((), (ROTATION,)))
    assert passed(checks)
    assert named(checks, "key").detail.startswith("NOT PINNED")


def test_a_statement_of_a_stranger_spoils_the_key() -> None:
    trust = Trust((str(FIRST.key),), (rotation(STRANGER, Signer.numbered(8), 3),))
    assert failures(EARLY, trust) == ["key", "checkpoint", "inclusion"]


def test_the_key_that_the_receipt_names_must_be_the_one_that_signed() -> None:
    both = Trust((str(FIRST.key), str(SECOND.key)))
    assert failures({**EARLY, "log_key": str(SECOND.key)}, both) == ["checkpoint", "inclusion"]


@pytest.mark.parametrize("quorum", [None, 1, 2])
def test_witnesses_are_named_with_their_times(quorum: int | None) -> None:
    note = TWO.cosign(ONE.cosign(SECOND.checkpoint(12, ENTRIES), 1_700_000_000), 1_700_000_060)
    document = receipt(3, ENTRIES, 12, note, SECOND)
    checks = verify_receipt(document, None, Trust((str(SECOND.key),), witnesses=WITNESSES, quorum=quorum))
    assert [check.name for check in checks] == ["form", "key", "checkpoint", "witness", "inclusion", "entry"]
    assert passed(checks)
    assert "witness.example/one at 2023-11-14T22:13:20Z" in named(checks, "witness").detail
    assert "witness.example/two at 2023-11-14T22:14:20Z" in named(checks, "witness").detail


@pytest.mark.parametrize(("quorum", "ok"), [(None, False), (1, True), (2, False)])
def test_fewer_than_the_quorum_are_not_enough(quorum: int | None, ok: bool) -> None:
    document = receipt(3, ENTRIES, 12, ONE.cosign(SECOND.checkpoint(12, ENTRIES)), SECOND)
    trust = Trust((str(SECOND.key),), witnesses=WITNESSES, quorum=quorum)
    check = named(verify_receipt(document, None, trust), "witness")
    assert check.ok is ok
    assert "witness.example/one" in check.detail


@pytest.mark.parametrize(
    "trust",
    [
        Trust(witnesses=WITNESSES, quorum=0),
        Trust(witnesses=WITNESSES, quorum=-1),
        Trust(witnesses=WITNESSES, quorum=3),
        Trust(witnesses=(), quorum=1),
        Trust(witnesses=(WITNESSES[0], str(Signer("other.example", ONE.private).witness)), quorum=1),
        Trust(witnesses=(*WITNESSES, str(SECOND.witness)), quorum=1),
        Trust(witnesses=(str(ONE.key),), quorum=1),
        Trust(witnesses=("no key",), quorum=1),
    ],
)
def test_a_policy_that_asks_for_nothing_or_counts_one_twice_fails(trust: Trust) -> None:
    note = TWO.cosign(ONE.cosign(SECOND.cosign(SECOND.checkpoint(12, ENTRIES))))
    assert failures(receipt(3, ENTRIES, 12, note, SECOND), trust) == ["witness"]


def test_a_forged_cosignature_spoils_those_that_hold() -> None:
    forged = NoteSignature(TWO.name, TWO.witness.key_id, bytes(72))
    note = add_signatures(ONE.cosign(SECOND.checkpoint(12, ENTRIES)), [forged])
    trust = Trust((str(SECOND.key),), witnesses=WITNESSES, quorum=1)
    assert failures(receipt(3, ENTRIES, 12, note, SECOND), trust) == ["witness"]


def test_witnesses_do_not_stand_in_for_the_log() -> None:
    document = receipt(3, ENTRIES, 12, ONE.cosign(STRANGER.checkpoint(12, ENTRIES)), SECOND)
    trust = Trust((str(SECOND.key),), witnesses=WITNESSES[:1])
    assert failures(document, trust) == ["checkpoint", "witness", "inclusion"]


SIGNERS = [FIRST, SECOND, STRANGER]
POLICIES = [
    Trust((str(SECOND.key),)),
    Trust((str(FIRST.key),), (ROTATION,)),
    Trust((str(SECOND.key),), (ROTATION,)),
    Trust((str(SECOND.key),), (ROTATION,), (str(ONE.witness),)),
]


LIES = ["decision", "entry", "path", "order", "length", "log_key", "index"]


@settings(max_examples=400)
@given(st.data())
def test_a_prover_who_lacks_the_keys_proves_only_what_was_logged(data: st.DataObject) -> None:
    """The first key is stolen, and signs forks too; the second signs, and the witness cosigns, the real log alone."""
    lies = data.draw(st.sets(st.sampled_from(LIES), max_size=2), "lies")
    size = data.draw(st.integers(1, 12), "size")
    number = data.draw(st.integers(0, size - 1), "number")
    signer = data.draw(st.sampled_from(SIGNERS), "signer")
    history = ENTRIES if signer is SECOND else data.draw(st.sampled_from([ENTRIES, FORK]), "history")
    note = signer.checkpoint(size, history)
    if history is ENTRIES and data.draw(st.booleans(), "cosigned"):
        note = ONE.cosign(note)
    path = naive.path(number, (FORK if "path" in lies else history)[:size])
    if "order" in lies:
        path = path[::-1]
    if "length" in lies:
        path = path[:-1]
    index = data.draw(st.integers(0, 11)) if "index" in lies else number
    document = {
        "decision_id": decision_id(data.draw(st.integers(0, 11)) if "decision" in lies else number),
        "log_index": index,
        "entry": (data.draw(st.sampled_from([*ENTRIES, *FORK])) if "entry" in lies else history[number]).decode(),
        "proof": str(TlogProof(index, tuple(path), note)),
        "log_key": str((data.draw(st.sampled_from(SIGNERS)) if "log_key" in lies else signer).key),
    }
    trust = data.draw(st.sampled_from(POLICIES), "policy")
    told = bool(trust.rotations)
    allowed = (signer is SECOND and (not told or size >= 6)) or (signer is FIRST and told and size <= 6)
    cosigned = note != signer.checkpoint(size, history)
    if passed(verify_receipt(document, None, trust)):
        # A stolen key can show a fork up to the size at which it was replaced: the witness is who prevents that.
        assert allowed
        assert cosigned or not trust.witnesses
        assert document["entry"] == history[index].decode()
        assert document["decision_id"] == decision_id(index)
        assert path == naive.path(index, history[:size])
    else:
        assert lies or not allowed or (trust.witnesses and not cosigned)

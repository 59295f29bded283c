"""What a witness cosigns, what it refuses and with which answer, and what it remembers."""

from __future__ import annotations

import os
import re
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from countersign.errors import ConfigurationError
from countersign.verify.consistency import ConsistencyProof
from countersign.verify.cosignature import merge_cosignatures, verify_cosignature
from countersign.verify.note import NoteSignature, add_signatures, parse_note, parse_signatures
from countersign.verify.rotation import verify_chain
from countersign.verify.trust import TrustedKey, open_trusted
from countersign.witness.folder import MAX_SPLIT_VIEWS, Folder, opened, origin_hash
from countersign.witness.refusals import Inconsistent, Malformed, NotSigned, Outdated, Refusal, TwoFaces, UnknownLog
from countersign.witness.witness import Witness
from tests.verify.world import ENTRIES, FIRST, FORK, ORIGIN, SECOND, STRANGER, Signer, entry, rotation
from tests.witness.asking import body
from tests.witness.clock import Clock
from tests.witness.conftest import Start


def latest(witness: Witness) -> str:
    return witness.latest(origin_hash(ORIGIN)) or ""


def size_of(witness: Witness) -> int:
    note = latest(witness)
    return open_trusted(note, [TrustedKey(FIRST.key)])[0].size if note else 0


def test_a_log_that_grows_is_cosigned_step_by_step(witness: Witness, clock: Clock) -> None:
    for first, second in ((0, 1), (1, 4), (4, 7), (7, 12)):
        clock.now += 1
        line = witness.add_checkpoint(body(first, second))
        merged = merge_cosignatures(FIRST.checkpoint(second, ENTRIES), line, [witness.key])
        assert verify_cosignature(parse_note(merged), witness.key) == int(clock.now)
        assert latest(witness) == merged


def test_the_answer_is_one_signature_line(witness: Witness) -> None:
    line = witness.add_checkpoint(body(0, 5))
    assert re.fullmatch(r"— witness\.example/w1 [A-Za-z0-9+/]+=*\n", line)
    assert len(parse_signatures(line)) == 1


def test_the_empty_tree_and_the_same_tree_again_are_cosigned(witness: Witness, clock: Clock) -> None:
    witness.add_checkpoint(body(0, 0))
    witness.add_checkpoint(body(0, 5))
    clock.now += 100
    line = witness.add_checkpoint(body(5, 5))
    note = add_signatures(FIRST.checkpoint(5, ENTRIES), parse_signatures(line))
    assert verify_cosignature(parse_note(note), witness.key) == int(clock.now)


def test_time_does_not_run_backwards_in_what_it_says(start: Start, clock: Clock) -> None:
    start().add_checkpoint(body(0, 5))
    before = int(clock.now)
    clock.now -= 3600
    line = start().add_checkpoint(body(5, 9))
    note = add_signatures(FIRST.checkpoint(9, ENTRIES), parse_signatures(line))
    assert verify_cosignature(parse_note(note), start().key) == before


def test_a_wrong_old_size_is_answered_with_the_right_one(witness: Witness) -> None:
    witness.add_checkpoint(body(0, 5))
    for first, second in ((0, 9), (4, 9), (6, 9), (0, 5), (0, 3)):
        with pytest.raises(Outdated) as caught:
            witness.add_checkpoint(body(first, second))
        assert (str(caught.value), caught.value.status, caught.value.content_type) == ("5", 409, "text/x.tlog.size")


def test_a_log_never_seen_is_of_size_zero(witness: Witness) -> None:
    with pytest.raises(Outdated) as caught:
        witness.add_checkpoint(body(3, 5))
    assert str(caught.value) == "0"


def test_a_split_view_is_refused_kept_and_reported(witness: Witness, reports: list[str], tmp_path: Path) -> None:
    witness.add_checkpoint(body(0, 9))
    ours, theirs = latest(witness), FIRST.checkpoint(9, FORK)
    with pytest.raises(TwoFaces, match="SPLIT VIEW"):
        witness.add_checkpoint(body(9, 9, FORK))
    (kept,) = (tmp_path / "data/split-views").glob("*.theirs")
    assert kept.read_text() == theirs
    assert kept.with_suffix(".ours").read_text() == ours
    assert str(kept) in reports[0]
    assert latest(witness) == ours
    # A wrong old size does not hide it, though the answer is about the size.
    kept.unlink()
    with pytest.raises(Outdated):
        witness.add_checkpoint(body(0, 9, FORK))
    assert kept.read_text() == theirs


def test_proofs_of_misbehaviour_do_not_fill_the_disk(witness: Witness, tmp_path: Path) -> None:
    witness.add_checkpoint(body(0, 9))
    for number in range(MAX_SPLIT_VIEWS + 5):
        with pytest.raises(TwoFaces):
            witness.add_checkpoint(body(9, 9, [entry(n, f"fork {number}") for n in range(9)]))
    assert len(list((tmp_path / "data/split-views").iterdir())) == 2 * MAX_SPLIT_VIEWS


def test_a_rewritten_log_is_refused(witness: Witness) -> None:
    witness.add_checkpoint(body(0, 7))
    for request in (body(7, 9, FORK), body(7, 9).replace(b"old 7\n", b"old 7\n" + b"A" * 43 + b"=\n")):
        with pytest.raises(Inconsistent):
            witness.add_checkpoint(request)
    assert size_of(witness) == 7


@pytest.mark.parametrize(
    "proof", [ConsistencyProof(0, (bytes(32),)), ConsistencyProof(0, tuple(bytes(32) for _ in range(63)))]
)
def test_the_first_proof_must_be_empty(witness: Witness, proof: ConsistencyProof) -> None:
    with pytest.raises(Inconsistent):
        witness.add_checkpoint(f"{proof}{FIRST.checkpoint(5, ENTRIES)}".encode())


def test_an_empty_tree_with_a_root_is_refused(witness: Witness) -> None:
    note = FIRST.checkpoint(5, ENTRIES)
    text = parse_note(note).text.replace("\n5\n", "\n0\n")
    signature = NoteSignature(ORIGIN, FIRST.key.key_id, FIRST.private.sign(text.encode()))
    with pytest.raises(Inconsistent):
        witness.add_checkpoint(f"old 0\n\n{text}\n{signature}".encode())


@pytest.mark.parametrize(
    ("request_body", "refusal"),
    [
        (b"", Malformed),
        (b"\xff", Malformed),
        (b"old 0\n\n", Malformed),
        (b"old 0\n\na\n\xe2\x80\x94 b AAAAAAAA\n", Malformed),
        (body(0, 5).replace(b"old 0", b"old 00"), Malformed),
        (body(0, 5).replace(b"\n5\n", b"\n05\n"), Malformed),
        (body(4, 8).replace(b"old 4\n", b"old 4\n" + b"A" * 43 + b"=\n" + (b"A" * 43 + b"=\n") * 63), Malformed),
        (body(9, 5), Malformed),
        (body(0, 5, signer=Signer.numbered(1, "log.example/other")), UnknownLog),
        (body(0, 5, signer=STRANGER), NotSigned),
        (body(0, 5).replace(b"\n5\n", b"\n6\n"), NotSigned),
        (body(0, 5, note=add_signatures(FIRST.checkpoint(5, ENTRIES), [
            NoteSignature(ORIGIN, FIRST.key.key_id, bytes(64))])), NotSigned),
    ],
)  # fmt: skip
def test_requests_that_are_refused_before_anything_is_looked_up(
    witness: Witness, request_body: bytes, refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        witness.add_checkpoint(request_body)
    assert latest(witness) == ""


def test_signatures_of_strangers_are_ignored_and_not_stored(witness: Witness) -> None:
    fake = NoteSignature(witness.key.name, witness.key.key_id, bytes(72))
    note = add_signatures(STRANGER.cosign(FIRST.checkpoint(5, ENTRIES)), [fake])
    witness.add_checkpoint(body(0, 5, note=note))
    assert [line.name for line in parse_note(latest(witness)).signatures] == [ORIGIN, witness.key.name]
    assert verify_cosignature(parse_note(latest(witness)), witness.key)


def test_a_rotated_key_is_followed_and_the_old_one_dropped(start: Start) -> None:
    start().add_checkpoint(body(0, 6))
    witness = start(*verify_chain([FIRST.key], [rotation(FIRST, SECOND, 7)]))
    with pytest.raises(NotSigned, match="by a rotation"):
        witness.add_checkpoint(body(6, 9))
    assert witness.add_checkpoint(body(6, 9, signer=SECOND))


def test_logs_are_watched_apart(start: Start) -> None:
    other = Signer.numbered(5, "log.example/other")
    witness = start(TrustedKey(FIRST.key), TrustedKey(other.key))
    witness.add_checkpoint(body(0, 9))
    witness.add_checkpoint(body(0, 4, FORK, signer=other))
    with pytest.raises(Outdated, match="4"):
        witness.add_checkpoint(body(0, 9, signer=other))


def test_a_restart_forgets_nothing(start: Start) -> None:
    start().add_checkpoint(body(0, 9))
    again = start()
    assert size_of(again) == 9
    with pytest.raises(TwoFaces):
        again.add_checkpoint(body(9, 9, FORK))
    with pytest.raises(Outdated, match="9"):
        again.add_checkpoint(body(0, 12, FORK))
    assert again.add_checkpoint(body(9, 12))


@pytest.mark.parametrize("damage", ["", "garbage", "cut", "size", "of another log", "signed by another witness"])
def test_a_damaged_memory_is_no_fresh_start(start: Start, tmp_path: Path, damage: str) -> None:
    start().add_checkpoint(body(0, 9))
    (path,) = (tmp_path / "data/logs").iterdir()
    stored = path.read_text()
    other = Signer.numbered(5, "log.example/other")
    replaced = {
        "cut": stored[:-20],
        "size": stored.replace("\n9\n", "\n1\n"),
        "signed by another witness": STRANGER.cosign(FIRST.checkpoint(1, ENTRIES)),
    }.get(damage, damage)
    if damage == "of another log":
        start(TrustedKey(other.key)).add_checkpoint(body(0, 3, signer=other))
        replaced = (tmp_path / f"data/logs/{origin_hash(other.name)}.checkpoint").read_text()
    path.write_text(replaced)
    with pytest.raises(ConfigurationError, match="stored"):
        start()


def test_what_a_crash_left_half_written_is_cleared_away(start: Start, tmp_path: Path) -> None:
    start().add_checkpoint(body(0, 9))
    part = tmp_path / "data/logs/.x.checkpoint.0123"
    part.write_text("half a checkpo")
    assert size_of(start()) == 9
    assert not part.exists()


def test_what_cannot_be_stored_is_not_cosigned(
    witness: Witness, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    witness.add_checkpoint(body(0, 3))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", disk_full)
        with pytest.raises(OSError, match="No space"):
            witness.add_checkpoint(body(3, 9))
    assert size_of(witness) == 3
    assert witness.add_checkpoint(body(3, 9, FORK))  # the other branch is as good: nobody was told of the first
    assert size_of(start()) == 9
    assert not list((tmp_path / "data/logs").glob(".*"))


def disk_full(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")


def test_it_is_stored_before_it_is_answered(witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies on the disk at the moment of each answer already is what is answered."""
    order: list[str] = []
    write = Folder.write

    def noting(folder: Folder, origin: str, note: str) -> None:
        write(folder, origin, note)
        order.append(next((tmp_path / "data/logs").iterdir()).read_text())

    monkeypatch.setattr(Folder, "write", noting)
    line = witness.add_checkpoint(body(0, 4))
    assert order[0].endswith(line)


def test_of_racing_branches_one_wins(witness: Witness) -> None:
    witness.add_checkpoint(body(0, 3))
    branches = [[*ENTRIES[:3], *(entry(n, f"branch {b}") for n in range(3, 9))] for b in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda branch: ask(witness, body(3, 9, branch)), branches))
    assert sorted(answers) == ["Outdated"] * 7 + ["cosigned"]


def test_a_slow_small_step_does_not_undo_a_large_one(witness: Witness) -> None:
    with ThreadPoolExecutor(8) as pool:
        sizes = list(range(1, 13)) * 4
        list(pool.map(lambda second: ask(witness, body(0, second)), sizes))
        grown = size_of(witness)
        list(pool.map(lambda second: ask(witness, body(grown, second)), sizes))
    assert size_of(witness) >= grown > 0


def ask(witness: Witness, request: bytes) -> str:
    try:
        witness.add_checkpoint(request)
    except Refusal as refusal:
        return type(refusal).__name__
    return "cosigned"


def test_one_folder_serves_one_witness(start: Start, tmp_path: Path) -> None:
    start()
    with pytest.raises(ConfigurationError, match="another witness"), opened(tmp_path / "data"):
        pytest.fail("two witnesses share a memory")


def test_a_witness_of_nothing_is_refused(tmp_path: Path, witness: Witness) -> None:
    with pytest.raises(ConfigurationError, match="at least one log"):
        Witness(witness._signer, [], witness._folder, report=print)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary() | st.binary().map(lambda data: b"old 0\n\n" + data))
def test_any_bytes_are_refused_without_another_error(witness: Witness, data: bytes) -> None:
    with pytest.raises(Malformed):
        witness.add_checkpoint(data)


steps = st.tuples(st.integers(0, 12), st.integers(0, 12), st.sampled_from([ENTRIES, FORK]), st.booleans())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(steps, max_size=12), st.sampled_from([FIRST, SECOND]))
def test_whatever_a_log_asks_for_all_that_was_cosigned_is_one_history(
    start: Start, tmp_path: Path, asked: list[tuple[int, int, list[bytes], bool]], signer: Signer
) -> None:
    for path in (tmp_path / "data").glob("logs/*"):
        path.unlink()
    witness = start(TrustedKey(signer.key))
    cosigned: list[list[bytes]] = []
    size = 0
    for guess, second, history, informed in asked:
        first = min(size, second) if informed else guess
        if ask(witness, body(first, second, history, signer)) == "cosigned":
            cosigned.append(history[:second])
            size = second
        if guess == 7:
            witness = start(TrustedKey(signer.key))
    for earlier, later in combinations(cosigned, 2):
        assert later[: len(earlier)] == earlier

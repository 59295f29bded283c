"""Witness cosignatures: those of other people's witnesses verify, and nothing that was changed does."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.checkpoint import Checkpoint, sign_checkpoint
from countersign.verify.cosignature import (
    format_timestamp,
    merge_cosignatures,
    sign_cosignature,
    verify_cosignature,
)
from countersign.verify.encoding import MAX_INTEGER
from countersign.verify.errors import VerificationError
from countersign.verify.note import NoteSignature, SignedNote, VerifierKey, WitnessKey, add_signatures, parse_note
from tests.verify.test_note import KEY, PRIVATE

# A checkpoint of a public test log with the cosignatures of four public witnesses, none of which runs our code.
PUBLIC = (
    "arche2025h1.staging.ct.transparency.dev\n"
    "1432088532\n"
    "U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n"
    "\n"
    "— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4"
    "AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==\n"
    "— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbq"
    "mNWVuE0tgh0XwzdZsDsUAQ==\n"
    "— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0"
    "DrAWfBw==\n"
    "— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUi"
    "OvKFYe/TmN9DAg==\n"
)
PUBLIC_WITNESSES = (
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
    "witness1.smartit.nu/witness1+a48c820f+BPSFWg9G6KPiO7QPryYO5Xq4oYJJ+kAvLKLSimDhoxMO",
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv",
)
WITNESS_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(64, 96)))
WITNESS = WitnessKey("witness.example/w1", WITNESS_PRIVATE.public_key().public_bytes_raw())
NOTE = sign_checkpoint(Checkpoint(KEY.name, 7, bytes(32)), KEY, PRIVATE.sign)
TEXT = parse_note(NOTE).text


def cosigned(timestamp: int = 1_700_000_000, note: str = NOTE) -> str:
    return add_signatures(note, [sign_cosignature(parse_note(note).text, WITNESS, WITNESS_PRIVATE.sign, timestamp)])


@pytest.mark.parametrize("vkey", PUBLIC_WITNESSES)
def test_cosignatures_of_other_implementations_verify(vkey: str) -> None:
    key = WitnessKey.parse(vkey)
    assert str(key) == vkey
    assert verify_cosignature(parse_note(PUBLIC), key) == 0x6A122120


@pytest.mark.parametrize("vkey", PUBLIC_WITNESSES)
def test_and_only_over_the_checkpoint_they_saw(vkey: str) -> None:
    with pytest.raises(VerificationError):
        verify_cosignature(parse_note(PUBLIC.replace("1432088532", "1432088533")), WitnessKey.parse(vkey))


def test_a_cosignature_says_when_and_keeps_the_other_signatures() -> None:
    note = cosigned(1234567890)
    assert note.startswith(NOTE)
    assert verify_cosignature(parse_note(note), WITNESS) == 1234567890


def test_the_message_is_the_one_of_the_specification() -> None:
    line = sign_cosignature(TEXT, WITNESS, lambda message: b"signed:" + message, 1679315147)
    message = f"cosignature/v1\ntime 1679315147\n{TEXT}".encode()
    assert line.signature == (1679315147).to_bytes(8, "big") + b"signed:" + message


def test_of_several_times_the_first_counts() -> None:
    note = cosigned(200, cosigned(100, cosigned(300)))
    assert verify_cosignature(parse_note(note), WITNESS) == 100


def test_one_that_does_not_hold_spoils_the_others() -> None:
    bad = NoteSignature(WITNESS.name, WITNESS.key_id, bytes(72))
    with pytest.raises(VerificationError, match="does not hold"):
        verify_cosignature(parse_note(add_signatures(cosigned(), [bad])), WITNESS)


def test_a_plain_signature_by_the_same_key_is_no_cosignature_and_the_reverse() -> None:
    plain = VerifierKey(WITNESS.name, WITNESS.public_key)
    assert plain.key_id != WITNESS.key_id
    with pytest.raises(VerificationError):
        verify_cosignature(parse_note(add_signatures(NOTE, [sign_as(plain)])), WITNESS)
    # Not even under the other one's key id.
    forged = NoteSignature(WITNESS.name, WITNESS.key_id, sign_as(plain).signature)
    with pytest.raises(VerificationError, match="72 bytes"):
        verify_cosignature(parse_note(add_signatures(NOTE, [forged])), WITNESS)
    for parse, other in ((VerifierKey.parse, WITNESS), (WitnessKey.parse, plain)):
        with pytest.raises(VerificationError):
            parse(str(other))


def sign_as(key: VerifierKey) -> NoteSignature:
    return NoteSignature(key.name, key.key_id, WITNESS_PRIVATE.sign(TEXT.encode()))


def test_what_is_no_checkpoint_is_neither_cosigned_nor_accepted() -> None:
    with pytest.raises(VerificationError):
        sign_cosignature("a text\n", WITNESS, WITNESS_PRIVATE.sign, 1)
    line = NoteSignature(
        WITNESS.name, WITNESS.key_id, (1).to_bytes(8, "big") + WITNESS_PRIVATE.sign(b"cosignature/v1\ntime 1\na text\n")
    )
    with pytest.raises(VerificationError):
        verify_cosignature(SignedNote("a text\n", (line,)), WITNESS)


@pytest.mark.parametrize("timestamp", [-1, MAX_INTEGER + 1])
def test_times_out_of_range_are_refused(timestamp: int) -> None:
    with pytest.raises(VerificationError):
        sign_cosignature(TEXT, WITNESS, WITNESS_PRIVATE.sign, timestamp)


def test_a_signed_time_beyond_the_range_is_refused() -> None:
    time = MAX_INTEGER + 1
    message = f"cosignature/v1\ntime {time}\n{TEXT}".encode()
    line = NoteSignature(WITNESS.name, WITNESS.key_id, time.to_bytes(8, "big") + WITNESS_PRIVATE.sign(message))
    with pytest.raises(VerificationError, match="beyond"):
        verify_cosignature(parse_note(add_signatures(NOTE, [line])), WITNESS)


@given(st.data())
def test_no_changed_cosignature_verifies(data: st.DataObject) -> None:
    (line,) = [each for each in parse_note(cosigned()).signatures if each.claims(WITNESS)]
    at = data.draw(st.integers(0, len(line.signature) - 1))
    changed = bytearray(line.signature)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    forged = NoteSignature(line.name, line.key_id, bytes(changed))
    with pytest.raises(VerificationError):
        verify_cosignature(parse_note(add_signatures(NOTE, [forged])), WITNESS)


@given(st.binary(max_size=100))
def test_no_invented_cosignature_verifies(signature: bytes) -> None:
    forged = NoteSignature(WITNESS.name, WITNESS.key_id, signature or b"x")
    with pytest.raises(VerificationError):
        verify_cosignature(parse_note(add_signatures(NOTE, [forged])), WITNESS)


@given(st.integers(0, MAX_INTEGER))
def test_every_time_can_be_signed_and_shown(timestamp: int) -> None:
    assert verify_cosignature(parse_note(cosigned(timestamp)), WITNESS) == timestamp
    assert format_timestamp(timestamp)


def test_times_are_shown_in_utc() -> None:
    assert format_timestamp(0x6A122120) == "2026-05-23T21:50:24Z"


def test_a_line_is_added_once_and_a_note_stays_one() -> None:
    once = cosigned()
    assert cosigned(note=once) == once
    many = (NoteSignature("other.example", b"abcd", bytes([n])) for n in range(64))
    with pytest.raises(VerificationError, match="64"):
        add_signatures(NOTE, many)


def test_merging_takes_what_holds_and_leaves_strangers_out() -> None:
    own = sign_cosignature(TEXT, WITNESS, WITNESS_PRIVATE.sign, 5)
    stranger = NoteSignature("other.example", b"abcd", bytes(72))
    merged = merge_cosignatures(NOTE, f"{stranger}{own}", [WITNESS])
    assert parse_note(merged).signatures == (*parse_note(NOTE).signatures, own)
    assert merge_cosignatures(NOTE, str(stranger), [WITNESS]) == NOTE


def test_merging_refuses_a_forgery_and_what_is_no_answer() -> None:
    forged = NoteSignature(WITNESS.name, WITNESS.key_id, bytes(72))
    for answer in (str(forged), "", "no line\n", str(forged).removesuffix("\n"), f"\n{forged}"):
        with pytest.raises(VerificationError):
            merge_cosignatures(NOTE, answer, [WITNESS])

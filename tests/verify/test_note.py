from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.errors import VerificationError
from countersign.verify.note import NoteSignature, SignedNote, VerifierKey, parse_note, sign_note, verify_note

# The example of Go's golang.org/x/mod/sumdb/note, from which the C2SP format descends.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = VerifierKey("example.com/log", PRIVATE.public_key().public_bytes_raw())


def test_a_note_signed_by_another_implementation_verifies() -> None:
    verify_note(parse_note(GO_NOTE), VerifierKey.parse(GO_KEY))


def test_a_verifier_key_reads_back() -> None:
    assert VerifierKey.parse(str(KEY)) == KEY
    assert str(VerifierKey.parse(GO_KEY)) == GO_KEY


def test_a_signed_note_verifies_and_reads_back() -> None:
    note = parse_note(sign_note("a\n\nb\n", KEY, PRIVATE.sign))
    verify_note(note, KEY)
    assert note.text == "a\n\nb\n"


def test_signatures_of_unknown_keys_are_ignored_but_do_not_suffice() -> None:
    witness = NoteSignature("witness.example", b"abcd", b"x" * 72)
    own = parse_note(sign_note("a\n", KEY, PRIVATE.sign)).signatures[0]
    verify_note(SignedNote("a\n", (witness, own)), KEY)
    with pytest.raises(VerificationError):
        verify_note(SignedNote("a\n", (witness,)), KEY)


def test_one_bad_signature_of_the_known_key_spoils_the_note() -> None:
    own = parse_note(sign_note("a\n", KEY, PRIVATE.sign)).signatures[0]
    bad = NoteSignature(own.name, own.key_id, bytes(64))
    with pytest.raises(VerificationError):
        verify_note(SignedNote("a\n", (own, bad)), KEY)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        GO_KEY.upper(),
        GO_KEY.replace("c74f20a3", "C74F20A3"),
        GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY.replace("Peter", "Paul"),
        GO_KEY + "=",
        GO_KEY.replace("+ARpc", "+ARp\u00e9"),
        " " + GO_KEY,
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_malformed_verifier_keys_are_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        VerifierKey.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n— a x08go/ZJ\n",
        GO_NOTE[:-1],
        GO_NOTE + "\n",
        GO_NOTE.replace("—", "-"),
        GO_NOTE.replace("\n", "\r\n"),
        GO_NOTE.replace("nAM=", "nAN="),
        GO_NOTE.replace("— PeterNeumann", "— Peter Neumann"),
        "text\n\n— a AAAA\n",
        "text\n\n" + "— a AAAAAAAA\n" * 65,
        "x" * (1 << 20) + GO_NOTE,
    ],
)
def test_malformed_notes_are_refused(note: str) -> None:
    with pytest.raises(VerificationError):
        parse_note(note)


def test_text_that_cannot_be_a_note_is_not_signed() -> None:
    for text in ("", "no newline", "tab\t\n"):
        with pytest.raises(VerificationError):
            sign_note(text, KEY, PRIVATE.sign)


def test_a_key_that_is_no_point_and_text_that_is_no_unicode_fail_quietly() -> None:
    note = parse_note(sign_note("a\n", KEY, PRIVATE.sign))
    odd = VerifierKey(KEY.name, b"\xff" * 32)
    with pytest.raises(VerificationError):
        verify_note(SignedNote("a\n", (NoteSignature(KEY.name, odd.key_id, bytes(64)),)), odd)
    with pytest.raises(VerificationError):
        verify_note(SignedNote("\ud800\n", note.signatures), KEY)


@given(st.text())
def test_any_text_is_a_note_or_a_verification_error(text: str) -> None:
    for parse in (parse_note, VerifierKey.parse):
        try:
            parse(text)
        except VerificationError:
            continue

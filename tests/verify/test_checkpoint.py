from __future__ import annotations

import pytest

from countersign.verify.checkpoint import Checkpoint, open_checkpoint, parse_body, sign_checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey, sign_note
from tests.verify.test_note import KEY, PRIVATE

ROOT = bytes(range(32))
# The example of the specification.
SPECIFIED = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"


def test_the_specified_example_reads_and_writes_back() -> None:
    checkpoint = parse_body(SPECIFIED)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.body() == SPECIFIED


def test_extensions_are_kept() -> None:
    checkpoint = Checkpoint("o", 0, ROOT, ("one", "two"))
    assert parse_body(checkpoint.body()) == checkpoint


def test_a_signed_checkpoint_opens() -> None:
    checkpoint = Checkpoint(KEY.name, 7, ROOT)
    assert open_checkpoint(sign_checkpoint(checkpoint, KEY, PRIVATE.sign), KEY) == checkpoint


def test_the_origin_must_be_the_name_of_the_key() -> None:
    note = sign_note(Checkpoint("example.com/other", 7, ROOT).body(), KEY, PRIVATE.sign)
    with pytest.raises(VerificationError, match=r"example\.com/other"):
        open_checkpoint(note, KEY)


def test_another_key_of_the_same_name_does_not_open_it() -> None:
    note = sign_checkpoint(Checkpoint(KEY.name, 7, ROOT), KEY, PRIVATE.sign)
    with pytest.raises(VerificationError):
        open_checkpoint(note, VerifierKey(KEY.name, bytes(32)))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "o\n1\n",
        SPECIFIED[:-1],
        SPECIFIED + "\n",
        SPECIFIED.replace("20852163", "020852163"),
        SPECIFIED.replace("20852163", "+20852163"),
        SPECIFIED.replace("20852163", "٢"),
        SPECIFIED.replace("20852163", str(2**63)),
        SPECIFIED.replace("2I=", "2J="),
        SPECIFIED.replace("CsUY", ""),
        SPECIFIED.replace("example.com/behind-the-sofa", ""),
    ],
)
def test_malformed_bodies_are_refused(body: str) -> None:
    with pytest.raises(VerificationError):
        parse_body(body)

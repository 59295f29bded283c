"""A small log with a history of keys, its fork, its witnesses, and whoever else holds a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from countersign.verify.canonical import canonical_json
from countersign.verify.checkpoint import Checkpoint, sign_checkpoint
from countersign.verify.cosignature import sign_cosignature
from countersign.verify.note import VerifierKey, WitnessKey, add_signatures, parse_note
from countersign.verify.rotation import Rotation, sign_rotation
from countersign.verify.tlog_proof import TlogProof
from tests.verify import naive

ORIGIN = "log.example/audit"


@dataclass(frozen=True)
class Signer:
    """A key pair that signs notes under one name and cosigns under it too."""

    name: str
    private: Ed25519PrivateKey

    @classmethod
    def numbered(cls, number: int, name: str = ORIGIN) -> Signer:
        return cls(name, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))

    @property
    def key(self) -> VerifierKey:
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())

    @property
    def witness(self) -> WitnessKey:
        return WitnessKey(self.name, self.private.public_key().public_bytes_raw())

    def checkpoint(self, size: int, entries: Sequence[bytes], origin: str = "") -> str:
        root = naive.tree_hash(entries[:size])
        return sign_checkpoint(Checkpoint(origin or self.name, size, root), self.key, self.private.sign)

    def cosign(self, note: str, timestamp: int = 1_700_000_000) -> str:
        line = sign_cosignature(parse_note(note).text, self.witness, self.private.sign, timestamp)
        return add_signatures(note, [line])


def rotation(old: Signer, new: Signer, since: int) -> str:
    return sign_rotation(Rotation(old.key, new.key, since), old.private.sign, new.private.sign)


def decision_id(number: int) -> str:
    return f"{number:032x}"


def entry(number: int, fork: str = "") -> bytes:
    body = {
        "v": 2,
        "kind": "decision",
        "decision_id": decision_id(number),
        "recorded_at": "2026-01-01T00:00:00.000000Z",
    }
    return canonical_json({**body, "media_digest": f"sha256:{number:064x}", "fork": fork})


def receipt(
    number: int, entries: Sequence[bytes], size: int, note: str, signer: Signer, **changed: Any
) -> dict[str, Any]:
    honest = {
        "decision_id": decision_id(number),
        "log_index": number,
        "entry": entries[number].decode(),
        "proof": str(TlogProof(number, tuple(naive.path(number, entries[:size])), note)),
        "log_key": str(signer.key),
    }
    return {**honest, **changed}


FIRST, SECOND, THIRD = Signer.numbered(1), Signer.numbered(2), Signer.numbered(3)
STRANGER = Signer.numbered(9)
ONE, TWO = Signer.numbered(11, "witness.example/one"), Signer.numbered(12, "witness.example/two")
ENTRIES = [entry(number) for number in range(12)]
# What the operator would show to somebody else: the same up to number 4.
FORK = [*ENTRIES[:5], *(entry(number, "fork") for number in range(5, 12))]

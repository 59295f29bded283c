"""C2SP tlog-proof@v1: the index of an entry, its inclusion proof and the checkpoint, as text.

Source: c2sp.org/tlog-proof. This module reads and writes; it verifies nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from countersign.verify.encoding import decode_base64, decode_decimal, decode_hash, encode_base64
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import MAX_PATH

_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class TlogProof:
    """index: zero-based. hashes: 32 bytes each, from the leaf's sibling upwards. checkpoint: the note, verbatim.

    extra: opaque and not authenticated; MUST NOT be trusted.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    def __str__(self) -> str:
        extra = [] if self.extra is None else [f"extra {encode_base64(self.extra)}"]
        hashes = [encode_base64(value) for value in self.hashes]
        return "\n".join([_HEADER, *extra, f"index {self.index}", *hashes, "", self.checkpoint])

    @classmethod
    def parse(cls, text: str) -> TlogProof:
        """Read the format strictly: `str(TlogProof.parse(text)) == text`, or VerificationError."""
        head, separator, checkpoint = text.partition("\n\n")
        header, *lines = head.split("\n")
        if header != _HEADER or not separator or not lines:
            raise VerificationError(f"the proof does not have the form {_HEADER}")
        extra = None
        if lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "), "the extra data")
        if not lines or not lines[0].startswith("index "):
            raise VerificationError("the proof has no index line")
        index = decode_decimal(lines[0].removeprefix("index "), "the index")
        if len(lines) - 1 > MAX_PATH:
            raise VerificationError(f"a proof has at most {MAX_PATH} hashes")
        hashes = tuple(decode_hash(line, "a proof hash") for line in lines[1:])
        return cls(index, hashes, checkpoint, extra)

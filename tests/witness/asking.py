"""What a log sends to a witness, honestly or not."""

from __future__ import annotations

from collections.abc import Sequence

from countersign.verify.consistency import ConsistencyProof
from tests.verify import naive
from tests.verify.world import ENTRIES, FIRST, Signer


def body(first: int, second: int, entries: Sequence[bytes] = ENTRIES, signer: Signer = FIRST, note: str = "") -> bytes:
    """The request that extends the tree of `first` entries to that of `second`, of one history."""
    hashes = naive.proof(first, entries[:second]) if 0 < first <= second else []
    return str(ConsistencyProof(first, tuple(hashes), note or signer.checkpoint(second, entries))).encode()

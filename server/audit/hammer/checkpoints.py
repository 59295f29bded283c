"""Every checkpoint that any process was given, in one record: one size has one root, and each is the beginning of the
next one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from countersign.verify.checkpoint import open_checkpoint
from countersign.verify.errors import VerificationError
from countersign.verify.merkle import verify_consistency
from countersign.verify.note import VerifierKey
from server.audit.hammer.findings import Findings
from server.audit.tree.receipts import ConsistencyParts

Prove: TypeAlias = Callable[[int, int], Awaitable[ConsistencyParts]]

_NOTES = 1024


@dataclass(slots=True)
class CheckpointRecord:
    """key: the log's. findings: where contradictions go."""

    key: VerifierKey
    findings: Findings
    _roots: dict[int, bytes] = field(default_factory=dict)
    _sizes: list[int] = field(default_factory=list)
    _new: deque[int] = field(default_factory=deque)
    _notes: list[str] = field(default_factory=list)

    def add(self, note: str) -> None:
        """Take in a checkpoint, and hold it against another one of its size."""
        try:
            checkpoint = open_checkpoint(note, self.key)
        except VerificationError as error:
            self.findings.broken("checkpoint is signed", str(error))
            return
        size, root = checkpoint.size, checkpoint.root
        if size in self._roots:
            self.findings.check("one size, one root", self._roots[size] == root, f"size {size} has two roots")
            return
        self._roots[size] = root
        insort(self._sizes, size)
        self._new.append(size)
        self._notes.append(note)
        if len(self._notes) > _NOTES:
            self._notes = self._notes[::2]

    async def compare(self, prove: Prove) -> None:
        """Hold each new checkpoint against its neighbours on both sides, by the log's own proofs.

        Consistency is transitive: each with its neighbours is each with all. A pair that fails is told once.
        """
        while self._new:
            size = self._new[0]
            place = bisect_left(self._sizes, size)
            for other in self._sizes[max(0, place - 1) : place] + self._sizes[place + 1 : place + 2]:
                first, second = sorted((size, other))
                parts = await prove(first, second)
                self._check_pair(first, second, parts)
            # Only now: where the log was unavailable, the checkpoint waits for the next time.
            self._new.popleft()

    def notes(self, limit: int) -> list[str]:
        """Some `limit` of the checkpoints, evenly drawn, the latest among them."""
        return self._notes[:: -max(1, len(self._notes) // limit)]

    def _check_pair(self, first: int, second: int, parts: ConsistencyParts) -> None:
        fault = ""
        try:
            verify_consistency(first, second, self._roots[first], self._roots[second], parts.hashes)
        except VerificationError as error:
            fault = str(error)
        self.findings.check("consistency", not fault, f"from {first} to {second} entries: {fault}")

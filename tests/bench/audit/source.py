"""Decisions to record: leaves of about 1 KB with four findings, as a screening of a photograph makes them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from core.media import digest_of
from server.audit import Entry
from server.audit.tree.keys import CheckpointSigner

ORIGIN = "log.example/bench"
TENANT = "bench"


def decisions(name: str) -> Iterator[Entry]:
    """Without end. name: what the request ids begin with, its own for each source."""
    finding = {"detector": "copy_move", "version": digest_of(b""), "verdict": "not_detected", "score": 0.25}
    for number in itertools.count():
        found = number % 10 == 0
        yield Entry(
            kind="decision",
            tenant=TENANT,
            actor="caller",
            request_id=f"{name}-{number:024x}",
            request_digest=digest_of(b"%d" % number),
            body={"findings": [{**finding, "score": number / 7}] * 4, "policy": {"digest": digest_of(b"policy")}},
            action=1 + number % 4,
            direction="inbound",
            media_digest=digest_of(f"{name} {number}".encode()),
            detected=("copy_move",) if found else (),
            labels=("cloned",) if found else (),
            codes=("default",),
            subject=f"person-{number % 100_000}",
        )


class CountingSigner:
    """Signs with another signer, and counts: the log signs once a commit."""

    def __init__(self, signer: CheckpointSigner) -> None:
        self._signer = signer
        self.count = 0

    @property
    def public_key(self) -> bytes:
        """The key that verifies."""
        return self._signer.public_key

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        self.count += 1
        return self._signer.sign(message)

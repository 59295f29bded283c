"""What detectors share that look at one piece of media at a time: the loop, and findings that carry their identity.

Knows no detector. A detector that gains from batches implements `base.Detector` by itself.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from core.media import Kind, Media, digest_of
from detectors.base import BETWEEN, Evidence, Finding, Verdict, finding_of

_EVENS = 0.5


class SingleDetector(ABC):
    """A `base.Detector` whose findings do not depend on their neighbours in the batch.

    Subclasses set the class attributes and `version`, and implement `examine`.
    """

    name: str
    label: str
    kinds: frozenset[Kind]
    views: frozenset[str]
    summary: str
    limits: str
    version: str

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """One finding for each of `batch`, in order."""
        return [self.examine(media) for media in batch]

    @abstractmethod
    def examine(self, media: Media) -> Finding:
        """The finding for one piece of media. MUST NOT raise for odd media."""

    def abstain(self, reason: str, codes: Iterable[str] = ()) -> Finding:
        """Nothing can be said. `reason` MUST NOT quote the media: it goes into a permanent log."""
        return finding_of(self, Verdict.ABSTAINED, reason, codes)

    def detected(
        self, explanation: str, codes: Iterable[str], evidence: Sequence[Evidence] = (), **measured: Any
    ) -> Finding:
        """What was looked for is there. `measured`: probability, score and the like, by their names in `Finding`."""
        return finding_of(self, Verdict.DETECTED, explanation, codes, evidence, **measured)

    def not_detected(self, explanation: str, evidence: Sequence[Evidence] = (), **measured: Any) -> Finding:
        """What was looked for was not seen, as far as `limits` allows.

        ABSTAINED where the probability is above evens all the same: limits that were set by a rate of false positives
        may lie beyond, and a policy that asks for the verdict must not disagree with one that asks for the probability.
        """
        if (measured.get("probability") or 0.0) > _EVENS:
            kept = {name: value for name, value in measured.items() if name == "measurements"}
            why = "Likelier than not, and too little for a detection at the rate of false positives that was chosen."
            return finding_of(self, Verdict.ABSTAINED, why, (BETWEEN,), evidence, **kept)
        return finding_of(self, Verdict.NOT_DETECTED, explanation, (), evidence, **measured)


def version_of(revision: int, parameters: object) -> str:
    """Digest of everything that decides a detector's findings: its algorithm's revision and its parameters.

    `parameters` must be JSON. Raise `revision` whenever the algorithm changes with its parameters unchanged.
    """
    return digest_of(json.dumps([revision, parameters], sort_keys=True, separators=(",", ":")).encode())

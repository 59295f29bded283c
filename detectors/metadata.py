"""The `metadata` detector: whether the file itself says that a model made or changed it.

A declaration is read, not measured: there is no probability, and anybody can add or strip tags. Which tags count is
`detectors.declarations`; reading them is `core.parsers.tags`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.media import Kind, Media
from detectors import declarations
from detectors.base import Evidence, Finding
from detectors.single import SingleDetector, version_of

UNREADABLE_AIGC = "tc260.aigc_unreadable"
_MAX_EVIDENCE = 4096  # characters
# NovelAI and others hide the record in the lowest bit of alpha, column by column, behind one of these words.
_HIDDEN = (b"stealth_pngcomp", b"stealth_pnginfo")


class MetadataDetector(SingleDetector):
    """Reads declarations of generation or compositing by a model."""

    name = "metadata"
    label = "declared_ai"
    kinds = frozenset((Kind.IMAGE, Kind.VIDEO))
    views = frozenset(("tags",))
    summary = (
        "Reads what the file declares about itself: generators' records, IPTC DigitalSourceType, AIGC labels, "
        "software names."
    )
    limits = (
        "Tags are lost on most platforms and can be written by anybody: their absence proves nothing, and their "
        "presence is a statement by whoever wrote them. C2PA credentials are judged elsewhere."
    )

    def __init__(self) -> None:
        self.version = version_of(2, [declarations.SOURCE_TYPES, declarations.SOFTWARE])

    def examine(self, media: Media) -> Finding:
        """DETECTED on any declaration; ABSTAINED where tags exist that could not be read."""
        tags = media.view("tags")
        if tags.error:
            return self.abstain("The tags could not be read, so nothing is known about what they declare.")
        codes = declarations.codes(tags.facts)
        if _hidden_record(media):
            codes.add("sd.hidden_record")
        if codes:
            return self.detected(
                "The file declares that a model made or changed it. This is a declaration, not a measurement.",
                codes,
                _evidence(tags.facts),
            )
        if declarations.has_unreadable_aigc(tags.facts):
            return self.abstain("A tag named AIGC is there, and what it declares cannot be read.", (UNREADABLE_AIGC,))
        if damaged := tags.facts.get("damaged"):
            return self.abstain(f"Damaged tags could not be read: {', '.join(sorted(damaged))}.", ("tags.damaged",))
        return self.not_detected("No tag declares a generator. That proves nothing: tags are easily lost or removed.")


def _evidence(facts: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """The generator's record and AIGC declarations as text. Both quote the media, so neither is explanation."""
    record = facts.get("generation") or {}
    lines = [f"{key}: {value}" for key, value in record.items() if value]
    lines += [f"AIGC: {found.json()}" for found in declarations.aigc(facts)]
    if not lines:
        return ()
    text = "\n".join(lines)[:_MAX_EVIDENCE]
    return (Evidence("text", "text/plain; charset=utf-8", text.encode(), "What the file itself says of its making"),)


def _hidden_record(media: Media) -> bool:
    for frame in media.frames()[:1]:
        if frame.alpha is not None and frame.alpha.size >= 8 * len(_HIDDEN[0]):
            columns = -(-8 * len(_HIDDEN[0]) // frame.alpha.shape[0])
            bits = (frame.alpha[:, :columns] & 1).T.ravel()[: 8 * len(_HIDDEN[0])]
            return np.packbits(bits).tobytes() in _HIDDEN
    return False

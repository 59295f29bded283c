"""What was done to make an output, in the words of C2PA and IPTC: the action, and the digital source type that results.

Pure. Which model does what, the model says itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.provenance.claim import ClaimedAction

GENERATED = "trainedAlgorithmicMedia"
COMPOSITED = "compositeWithTrainedAlgorithmicMedia"
GENERATIVE = frozenset({GENERATED, COMPOSITED})
"""Source types of models that make up what is in a picture."""
# C2PA's word for each kind of work on an upload; whatever else improves a picture is "enhanced".
ACTIONS: Mapping[str, ClaimedAction] = {"upscale": "resized"}


@dataclass(frozen=True, slots=True)
class Work:
    """action: what a claim says was done. source_type: last segment of the IPTC term for what came of it."""

    action: ClaimedAction
    source_type: str


def work_of(task: str, source_type: str, *, opened: bool, components: int = 0) -> Work:
    """What was done by a model that does `task` and declares `source_type`.

    opened: there was an upload, on which it worked. components: how many pictures were placed in the output. Where a
    model that makes things up worked on what others made, the result is a composite of both, and an upload was edited,
    not merely enhanced.
    """
    invented = source_type in GENERATIVE
    term = COMPOSITED if invented and (opened or components) else source_type
    if not opened:
        return Work("created", term)
    return Work("edited" if invented else ACTIONS.get(task, "enhanced"), term)

"""Labels that callers ask for: countersign.v1.Label → `generators.marking.label.Label`."""

from __future__ import annotations

from countersign.v1 import generation_pb2 as pb
from generators.marking.label import DEFAULT_HEIGHT, Label, Mark, Placement

_PLACEMENTS = {
    pb.LABEL_PLACEMENT_UNSPECIFIED: Placement.BOTTOM_RIGHT,
    pb.LABEL_PLACEMENT_TOP_LEFT: Placement.TOP_LEFT,
    pb.LABEL_PLACEMENT_TOP_RIGHT: Placement.TOP_RIGHT,
    pb.LABEL_PLACEMENT_BOTTOM_LEFT: Placement.BOTTOM_LEFT,
    pb.LABEL_PLACEMENT_BOTTOM_RIGHT: Placement.BOTTOM_RIGHT,
    pb.LABEL_PLACEMENT_CENTRE: Placement.CENTRE,
    pb.LABEL_PLACEMENT_BOTTOM_BAR: Placement.BOTTOM_BAR,
}
_MARKS = {pb.LABEL_MARK_UNSPECIFIED: Mark.NONE, pb.LABEL_MARK_AI: Mark.AI}


def label_of(request: pb.EnhanceRequest | pb.GenerateRequest) -> Label | None:
    """The label that a request asks for, None where it asks for none. Raises InvalidInput as `Label` does."""
    if not request.HasField("label"):
        return None
    asked = request.label
    return Label(asked.text, _MARKS[asked.mark], _PLACEMENTS[asked.placement], asked.height_fraction or DEFAULT_HEIGHT)

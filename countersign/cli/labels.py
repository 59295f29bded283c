"""Options of a visible label, and the label that they make."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from countersign.v1 import generation_pb2

UNSPECIFIED = "UNSPECIFIED"


class Mark(StrEnum):
    """A sign beside the text, or in its place."""

    AI = "ai"


class Placement(StrEnum):
    """Where a label stands."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"
    CENTRE = "centre"
    BOTTOM_BAR = "bottom-bar"


Text = Annotated[str, typer.Option("--label", metavar="TEXT", help="Draw this text visibly onto the result.")]
Sign = Annotated[Mark | None, typer.Option("--label-mark", help="Draw a sign beside the text, or in its place.")]
Where = Annotated[Placement | None, typer.Option("--label-placement", help="By default bottom-right.")]
Height = Annotated[
    float | None,
    typer.Option(
        "--label-height",
        min=0.02,
        max=0.25,
        help="Least height of the characters, of the shortest side; by default 0.05.",
    ),
]


def label_of(
    text: str, mark: Mark | None, placement: Placement | None, height: float | None
) -> generation_pb2.Label | None:
    """The label, None where none was asked for. Raises typer.BadParameter for a placement or a height of no label."""
    if not text and mark is None:
        if placement is not None or height is not None:
            raise typer.BadParameter("--label-placement and --label-height need --label or --label-mark")
        return None
    return generation_pb2.Label(
        text=text,
        mark=generation_pb2.LabelMark.Value(f"LABEL_MARK_{mark.name if mark else UNSPECIFIED}"),
        placement=generation_pb2.LabelPlacement.Value(
            f"LABEL_PLACEMENT_{placement.name if placement else UNSPECIFIED}"
        ),
        height_fraction=height or 0.0,
    )

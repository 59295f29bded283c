"""What a visible label says, where it stands and how large it is.

Knows the bounds of a label and when one is at least as visible as another. Does not know how it is drawn
(`generators.marking.drawing`) nor who demands it (`server.finishing.marks`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import InvalidInput
from generators.marking import typeface

MAX_TEXT = 64
"""Characters."""
MIN_HEIGHT, MAX_HEIGHT = 0.02, 0.25
DEFAULT_HEIGHT = 0.05
"""Of the shortest side: what GB 45438-2025, 5.2, demands at least for the characters of a label on a picture."""


class Mark(StrEnum):
    """A sign drawn beside the text, or in its place."""

    NONE = ""
    AI = "ai"


class Placement(StrEnum):
    """Where the label stands, on the picture as people see it. A bar runs over the whole width."""

    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"
    CENTRE = "centre"
    BOTTOM_BAR = "bottom-bar"


CORNERS = frozenset({Placement.TOP_LEFT, Placement.TOP_RIGHT, Placement.BOTTOM_LEFT, Placement.BOTTOM_RIGHT})
_IN_PLACE_OF: Mapping[Placement, frozenset[Placement]] = {
    **dict.fromkeys(CORNERS, CORNERS | {Placement.BOTTOM_BAR}),
    Placement.CENTRE: frozenset({Placement.CENTRE}),
    Placement.BOTTOM_BAR: frozenset({Placement.BOTTOM_BAR}),
}
"""What is as easily seen as each placement: a corner as any other, and a bar as a corner."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label: text of at most 64 characters that the fonts here have, a mark, or both.

    height_fraction: least height of its characters, 0.02 to 0.25 of the picture's shortest side.
    """

    text: str = ""
    mark: Mark = Mark.NONE
    placement: Placement = Placement.BOTTOM_RIGHT
    height_fraction: float = DEFAULT_HEIGHT

    def __post_init__(self) -> None:
        """Raises InvalidInput naming "label.text" or "label.height_fraction", with limit and found."""
        text = unicodedata.normalize("NFC", self.text).strip()
        object.__setattr__(self, "text", text)
        if not MIN_HEIGHT <= self.height_fraction <= MAX_HEIGHT:
            raise InvalidInput(
                "the label's height is out of range",
                field="label.height_fraction",
                limit=f"{MIN_HEIGHT} to {MAX_HEIGHT}",
                found=f"{self.height_fraction:g}",
            )
        if len(text) > MAX_TEXT:
            raise InvalidInput(
                "the label's text is too long", field="label.text", limit=f"{MAX_TEXT} characters", found=str(len(text))
            )
        if text:
            _refuse_unreadable(text)
        elif self.mark is Mark.NONE:
            raise InvalidInput("a label needs a text or a mark", field="label.text", limit="1 character", found="0")

    def content(self) -> dict[str, Any]:
        """The label as JSON."""
        return {
            "text": self.text,
            "mark": self.mark.value,
            "placement": self.placement.value,
            "height_fraction": self.height_fraction,
        }

    def serves_for(self, other: Label) -> bool:
        """Whether it can stand in for `other`: it says the same, perhaps with a mark besides, as large, as easily seen.

        The very same text: "Not AI-generated" says all that "AI-generated" says, and the contrary.
        """
        return (
            other.text == self.text
            and other.mark in (Mark.NONE, self.mark)
            and self.height_fraction >= other.height_fraction
            and self.placement in _IN_PLACE_OF[other.placement]
        )


def _refuse_unreadable(text: str) -> None:
    """Raises InvalidInput for text that would come out as empty boxes, or as nothing that says anything."""
    if not any(character.isalpha() or character.isdecimal() for character in text):
        raise InvalidInput("the label's text has no letter", field="label.text", limit="1 letter or digit", found=text)
    if typeface.face_of(text) is None:
        missing = typeface.missing(text)
        raise InvalidInput(
            "the fonts here lack characters of the label's text",
            field="label.text",
            limit="Latin, Greek and Cyrillic letters, or the Chinese, Japanese and Korean ones of common labels",
            found=" ".join(f"{character} U+{ord(character):04X}" for character in missing[:8]) or "two scripts in one",
        )

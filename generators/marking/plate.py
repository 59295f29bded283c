"""The plate of a label: its text and sign laid out as one mask of ink, as wide and high as the picture allows.

Knows sizes and where lines break. Does not know the picture's pixels, nor where on it the plate goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from PIL import ImageFont

from core.errors import InvalidInput
from core.media import Pixels
from generators.marking import sign, typeface
from generators.marking.label import Label, Mark

MIN_CHARACTER = 9
"""Pixels: capitals lower than this are hard to read on any screen."""
_BREAKS = re.compile(r"(?<=[-–—/])|(?<= )|(?<=[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef])")
"""Lines break behind spaces and hyphens, and between ideographs or syllables."""


@dataclass(frozen=True, eq=False, slots=True)
class Plate:
    """ink: coverage, 0 to 255, (height, width), padding included. character: height of its characters, pixels."""

    ink: Pixels
    character: int


def lay_out(label: Label, height: int, width: int) -> Plate:
    """The plate for a picture of `height` × `width` pixels.

    Raises InvalidInput naming "label" where the characters, at their least height, do not fit the picture.
    """
    character = max(MIN_CHARACTER, -int(-label.height_fraction * min(height, width) // 1))
    padding = padding_of(character)
    parts = [sign.ai(character)] if label.mark is Mark.AI else []
    if label.text:
        room = width - 2 * padding - (parts[0].shape[1] + padding if parts else 0)
        parts.append(_text(label.text, character, room))
    ink = np.pad(_beside(parts, padding), padding)
    if ink.shape[0] > height or ink.shape[1] > width:
        raise InvalidInput(
            "the label does not fit the picture",
            field="label",
            limit=f"a picture of {ink.shape[1]}×{ink.shape[0]} pixels, for characters {character} pixels high",
            found=f"{width}×{height}",
        )
    return Plate(ink, character)


def padding_of(character: int) -> int:
    """Pixels between ink and the plate's edge."""
    return max(3, round(0.45 * character))


def _text(text: str, character: int, room: int) -> Pixels:
    """The text in as few lines of at most `room` pixels as hold it; a word that is wider stays whole."""
    face = typeface.face_of(text)
    if face is None:
        raise InvalidInput("no font has the label's text", field="label.text", found=text)
    font = typeface.fitted(face, text, character)
    lines = [typeface.ink(font, line) for line in _lines(text, font, room)]
    gap = max(2, round(0.4 * character))
    width = max(line.shape[1] for line in lines)
    stacked = [_centred(line, width) for line in lines]
    blank = np.zeros((gap, width), np.uint8)
    return np.concatenate([piece for line in stacked for piece in (line, blank)][:-1])


def _lines(text: str, font: ImageFont.FreeTypeFont, room: int) -> list[str]:
    lines: list[str] = []
    for word in filter(None, _BREAKS.split(text)):
        longer = (lines[-1] if lines else "") + word
        if lines and font.getlength(longer.strip()) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line.strip() for line in lines if line.strip()]


def _beside(parts: list[Pixels], gap: int) -> Pixels:
    """Masks next to each other, centred on one line."""
    height = max(part.shape[0] for part in parts)
    raised = [
        np.pad(part, (((height - part.shape[0]) // 2, -(-(height - part.shape[0]) // 2)), (0, 0))) for part in parts
    ]
    blank = np.zeros((height, gap), np.uint8)
    return np.concatenate([piece for part in raised for piece in (part, blank)][:-1], axis=1)


def _centred(line: Pixels, width: int) -> Pixels:
    spare = width - line.shape[1]
    return np.pad(line, ((0, 0), (spare // 2, spare - spare // 2)))

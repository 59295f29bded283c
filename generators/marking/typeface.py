"""The fonts of labels: which one has a text's characters, and at which size they are as high as they have to be.

Knows the files in `fonts/`, which `scripts/label_fonts.py` cuts from larger ones, and Pillow's FreeType. A text is set
in one font; scripts that need shaping (Arabic, Devanagari, …) are not there.
"""

from __future__ import annotations

import functools
import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ImageFont

from core.media import Pixels

FOLDER = Path(__file__).resolve().parent / "fonts"
_FILES = ("latin.ttf", "cjk.otf")
_PROBE = 200  # pixels an em: large enough that rounding to pixels does not matter for a first guess
_INKED = 128  # coverage from which on a pixel counts as part of a letter


@dataclass(frozen=True, slots=True)
class Face:
    """One font file and the characters that it has."""

    data: bytes
    characters: frozenset[str]

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The font at `size` pixels an em. Pillow's own layout: the other one is not installed everywhere."""
        return ImageFont.truetype(io.BytesIO(self.data), size, layout_engine=ImageFont.Layout.BASIC)


@functools.cache
def faces() -> tuple[Face, ...]:
    """The fonts in order of preference."""
    return tuple(
        Face((FOLDER / name).read_bytes(), frozenset((FOLDER / name).with_suffix(".txt").read_text(encoding="utf-8")))
        for name in _FILES
    )


def face_of(text: str) -> Face | None:
    """The first font that has every character of `text`."""
    return next((face for face in faces() if face.characters.issuperset(text)), None)


def missing(text: str) -> list[str]:
    """Characters of `text` that no font here has, in its order."""
    return [character for character in dict.fromkeys(text) if not any(character in face.characters for face in faces())]


def fitted(face: Face, text: str, height: int) -> ImageFont.FreeTypeFont:
    """The font at the smallest size at which the characters of `text` are at least `height` pixels high.

    What counts is every capital and digit, and of characters without case (ideographs, syllables) the highest, because
    they share one body; a text of small letters alone counts by these.
    """
    size = max(1, math.floor(height * _PROBE / character_height(face.at(_PROBE), text)) - 1)
    while character_height(font := face.at(size), text) < height:
        size += 1
    return font


def character_height(font: ImageFont.FreeTypeFont, text: str) -> int:
    """Pixels from the lowest to the highest inked row of the lowest character that counts, see `fitted`."""
    capitals = {each for each in text if each.isupper() or each.isdecimal()}
    bodies = {each for each in text if each.isalpha() and each.lower() == each.upper()}
    small = {each for each in text if each.islower()} if not capitals | bodies else set()
    heights = [_ink_height(font, each) for each in capitals | small]
    heights += [max(_ink_height(font, each) for each in bodies)] if bodies else []
    return min(heights)


def ink(font: ImageFont.FreeTypeFont, line: str) -> Pixels:
    """Coverage of one line of text, 0 to 255, (height, width), cut to what is inked."""
    mask, _ = font.getmask2(line, mode="L", anchor="ls")
    drawn = np.array(mask, dtype=np.uint8).reshape(mask.size[::-1])
    rows, columns = np.flatnonzero(drawn.max(axis=1)), np.flatnonzero(drawn.max(axis=0))
    return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _ink_height(font: ImageFont.FreeTypeFont, character: str) -> int:
    rows = np.flatnonzero(ink(font, character).max(axis=1) >= _INKED)
    return int(rows[-1] - rows[0] + 1) if rows.size else 0

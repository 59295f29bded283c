"""Copies of a picture as people make them: cropped, written over, framed, captioned, turned, shown on a screen.

Every copy ends the same way, smaller or not and as a JPEG, and so does what it is compared with: no figure may rest on
how a picture was stored. Equal generators give equal copies. Knows pictures; does not know how copies are found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TypeAlias

import cv2
import numpy as np
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from core.media import Pixels
from training.evaluation.attacks import ATTACKS, coded, cropped, fitted, resized, rotated

LONGEST = 960
"""Pixels of the longer side at which pictures are copied."""
_WORDS = ("WHEN", "YOU", "SEE", "IT", "AGAIN", "NOBODY", "ME AT", "MONDAY", "BUT WHY", "THE", "WAIT FOR", "THIS", "LOL")


@dataclass(frozen=True, eq=False, slots=True)
class Props:
    """What copies are made with. stickers: RGBA. others: pictures to stand beside in a collage, RGB."""

    stickers: Sequence[Pixels]
    others: Sequence[Pixels]


Copy: TypeAlias = Callable[[Pixels, Generator, Props], Pixels]


def captioned(pixels: Pixels, words: str) -> Pixels:
    """White bars above and below with words in black, as memes have them."""
    height, width = pixels.shape[:2]
    bar = max(24, height // 6)
    board = Image.new("RGB", (width, height + 2 * bar), "white")
    board.paste(Image.fromarray(pixels), (0, bar))
    draw = ImageDraw.Draw(board)
    font = ImageFont.load_default(bar * 0.55)
    for top in (0, bar + height):
        draw.text((width / 2, top + bar / 2), words, "black", font, "mm")
    return np.array(board, np.uint8)


def sent(pixels: Pixels, rng: Generator) -> Pixels:
    """What becomes of any picture on its way: at most `LONGEST` pixels, 0.6 to 1 of that, JPEG of quality 60 to 90."""
    small = resized(fitted(pixels, LONGEST), float(rng.uniform(0.6, 1.0)))
    return coded(small, "JPEG", int(rng.integers(60, 91)))


def _attack(pixels: Pixels, rng: Generator, _: Props, name: str) -> Pixels:
    return ATTACKS[name](pixels, rng)


def _crop(pixels: Pixels, rng: Generator, _: Props, keep: float) -> Pixels:
    return cropped(pixels, keep, rng)


def _stickers(pixels: Pixels, rng: Generator, props: Props) -> Pixels:
    """Three stickers of a quarter to a third of the shorter side, and a line of text over the picture."""
    board = Image.fromarray(pixels)
    height, width = pixels.shape[:2]
    for _ in range(3):
        side = int(min(height, width) * rng.uniform(0.25, 0.34))
        sticker = Image.fromarray(props.stickers[int(rng.integers(len(props.stickers)))]).resize((side, side))
        place = (int(rng.integers(width - side + 1)), int(rng.integers(height - side + 1)))
        board.paste(sticker, place, sticker)
    draw = ImageDraw.Draw(board)
    font = ImageFont.load_default(height / 12)
    top = height * float(rng.uniform(0.1, 0.9))
    draw.text((width / 2, top), _words(rng), "white", font, "mm", stroke_width=3, stroke_fill="black")
    return np.array(board, np.uint8)


def _border(pixels: Pixels, rng: Generator, _: Props) -> Pixels:
    """A frame of one colour, 10 to 25% of each side."""
    colour = rng.integers(256, size=3).tolist()
    high, wide = (int(side * rng.uniform(0.1, 0.25)) for side in pixels.shape[:2])
    return np.asarray(cv2.copyMakeBorder(pixels, high, high, wide, wide, cv2.BORDER_CONSTANT, value=colour), np.uint8)


def _caption(pixels: Pixels, rng: Generator, _: Props) -> Pixels:
    return captioned(pixels, _words(rng))


def _blur(pixels: Pixels, rng: Generator, _: Props) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), float(rng.uniform(1.5, 3.0))), np.uint8)


def _rotate(pixels: Pixels, rng: Generator, _: Props) -> Pixels:
    return rotated(pixels, float(rng.uniform(5, 15)), rng)


def _colour(pixels: Pixels, rng: Generator, _: Props) -> Pixels:
    for name in ("hue", "saturation", "gamma", "contrast"):
        pixels = ATTACKS[name](pixels, rng)
    return pixels


def _screen(pixels: Pixels, rng: Generator, _: Props) -> Pixels:
    """The picture in a telephone's application: bars, buttons and a name around it."""
    shown = ATTACKS["screenshot"](pixels, rng)
    height, width = shown.shape[:2]
    bar = max(30, width // 8)
    dark = bool(rng.integers(2))
    board = Image.new("RGB", (width, height + 4 * bar), "black" if dark else "white")
    board.paste(Image.fromarray(shown), (0, 2 * bar))
    draw = ImageDraw.Draw(board)
    font, ink = ImageFont.load_default(bar * 0.4), "white" if dark else "black"
    draw.ellipse((bar * 0.2, bar * 1.2, bar * 0.8, bar * 1.8), fill="gray")
    draw.text((bar, bar * 1.5), _words(rng).lower(), ink, font, "lm")
    for at in range(4):
        left = width * (at + 0.4) / 4
        draw.rectangle((left, height + 2.4 * bar, left + bar * 0.4, height + 2.8 * bar), outline=ink, width=3)
    return np.array(board, np.uint8)


def _collage(pixels: Pixels, rng: Generator, props: Props) -> Pixels:
    """Beside another picture of the same height, to its left or right."""
    other = props.others[int(rng.integers(len(props.others)))]
    height = pixels.shape[0]
    width = max(8, round(other.shape[1] * height / other.shape[0]))
    pair = [pixels, np.asarray(cv2.resize(other, (width, height), interpolation=cv2.INTER_AREA), np.uint8)]
    return np.concatenate(pair if rng.integers(2) else pair[::-1], axis=1)


def _mirrored_and_edited(pixels: Pixels, rng: Generator, props: Props) -> Pixels:
    return _colour(_stickers(_crop(pixels[:, ::-1].copy(), rng, props, 0.8), rng, props), rng, props)


def _words(rng: Generator) -> str:
    return " ".join(str(word) for word in rng.choice(_WORDS, 3, replace=False))


COPIES: Mapping[str, Copy] = MappingProxyType(
    {
        "sent": partial(_attack, name="none"),
        "crop_80": partial(_crop, keep=0.8),
        "crop_60": partial(_crop, keep=0.6),
        "stickers": _stickers,
        "border": _border,
        "caption": _caption,
        "blur": _blur,
        "rotate_5_15": _rotate,
        "mirror": partial(_attack, name="mirror"),
        "colour": _colour,
        "screen": _screen,
        "collage": _collage,
        "mirror_edited": _mirrored_and_edited,
    }
)
"""By name. `crop_80` and `crop_60` leave that share of both sides."""


def copy_of(pixels: Pixels, name: str, rng: Generator, props: Props) -> Pixels:
    """A copy of an RGB picture, of the kind `name`, and sent."""
    return sent(COPIES[name](fitted(pixels, LONGEST), rng, props), rng)

"""Small films with known edits: a window that moves over photographs, stored as H.264."""

from __future__ import annotations

from functools import cache

import numpy as np

from core.media import Pixels
from tests.detectors.making import photograph
from training.evaluation.filming.files import encoded

RATE = 25
HEIGHT, WIDTH = 144, 256


@cache
def pan(name: str, count: int, swing: int = 90) -> Pixels:
    """`count` RGB pictures (n, HEIGHT, WIDTH, 3) of a window that swings over a photograph, never twice alike."""
    source = photograph(name)
    height, width = source.shape[:2]
    made = []
    for number in range(count):
        left = round((width - WIDTH) / 2 + swing * np.sin(number / 17) + number * 0.4)
        top = round((height - HEIGHT) / 2 + swing / 2 * np.cos(number / 23))
        left, top = min(max(left, 0), width - WIDTH), min(max(top, 0), height - HEIGHT)
        made.append(source[top : top + HEIGHT, left : left + WIDTH])
    return np.stack(made)


@cache
def stored(pictures: bytes, count: int, crf: int) -> bytes:
    """`pictures` as `film` takes them, which cannot be cached by themselves."""
    return encoded(np.frombuffer(pictures, np.uint8).reshape(count, HEIGHT, WIDTH, 3), RATE, crf)


def film(*parts: Pixels, crf: int = 26) -> bytes:
    """An MP4 of these pictures, one part after the other."""
    pictures = np.concatenate(parts)
    return stored(pictures.tobytes(), len(pictures), crf)

"""The AI sign of labels: the letters A and I in a ring, drawn here from straight lines and circles.

Knows shapes only. It is nobody's trademark and no seal of any authority.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from core.media import Pixels

_FINER = 8  # drawn larger and averaged, for smooth edges
_RING = 0.16  # thickness of ring and strokes, of the letters' height
_RADIUS = 1.06  # from the centre to the ring's outer edge, of the letters' height


def ai(height: int) -> Pixels:
    """Coverage of the sign, 0 to 255, (side, side), with letters exactly `height` pixels high."""
    side = round(2 * _RADIUS * height)
    side += (side - height) % 2  # letters begin on a whole pixel above and below
    large, letters, stroke = side * _FINER, height * _FINER, max(_FINER, round(_RING * height * _FINER))
    canvas = Image.new("L", (large, large))
    pen = ImageDraw.Draw(canvas)
    pen.ellipse((0, 0, large - 1, large - 1), outline=255, width=stroke)
    top = (large - letters) // 2
    width = round(0.78 * letters)  # of the A
    left = (large - width - round(1.8 * stroke)) // 2
    _letter_a(pen, left, top, width, letters, stroke)
    right = left + width + round(0.8 * stroke)
    pen.rectangle((right, top, right + stroke - 1, top + letters - 1), fill=255)
    return np.asarray(canvas.reduce(_FINER), dtype=np.uint8)


def _letter_a(pen: ImageDraw.ImageDraw, left: int, top: int, width: int, height: int, stroke: int) -> None:
    middle, bottom, leg = left + width / 2, top + height - 1, 1.15 * stroke
    outside = [(left, bottom), (middle - leg / 2, top), (middle + leg / 2, top), (left + width, bottom)]
    inside = [(left + width - leg, bottom), (middle, top + leg), (left + leg, bottom)]
    pen.polygon([*outside, *inside], fill=255)
    bar = top + round(0.62 * height)
    inset = round(0.26 * width)
    pen.rectangle((left + inset, bar, left + width - inset, bar + round(0.8 * stroke)), fill=255)

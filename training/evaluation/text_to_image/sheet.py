"""The contact sheet: pictures with the words that they were made of. It knows pixels and no models."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from core.media import Pixels

_COLUMNS = 8
_SIDE = 128  # of a picture on the sheet, pixels
_GAP = 12
_LINES = 3
_SIZE = 11  # of the letters, pixels
_WIDTH = 21  # letters on a line
_INK, _PAPER = (40, 40, 40), (255, 255, 255)
_FRAME = (225, 225, 225)


def draw_sheet(pictures: Sequence[Pixels], captions: Sequence[str], path: Path) -> None:
    """Writes a PNG of all pictures in rows of eight, each above its caption."""
    font = ImageFont.load_default(_SIZE)
    across, down = _SIDE + _GAP, _SIDE + _GAP + _LINES * (_SIZE + 3)
    rows = -(-len(pictures) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * across + _GAP, rows * down + _GAP), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for index, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        left, top = _GAP + index % _COLUMNS * across, _GAP + index // _COLUMNS * down
        large = Image.fromarray(picture).resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        sheet.paste(large, (left, top))
        pen.rectangle((left, top, left + _SIDE - 1, top + _SIDE - 1), outline=_FRAME)
        lines = textwrap.shorten(caption, _LINES * _WIDTH, placeholder=" …")
        pen.multiline_text((left, top + _SIDE + 3), textwrap.fill(lines, _WIDTH), fill=_INK, font=font, spacing=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, optimize=True)

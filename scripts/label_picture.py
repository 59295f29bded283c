"""Makes the picture of labels in docs/marks.md out of photographs of tests/media: `python scripts/label_picture.py`."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from core.media import Frame, Pixels
from generators.marking.drawing import draw
from generators.marking.label import Label, Mark, Placement

ROOT = Path(__file__).resolve().parent.parent
CELL = (240, 320)
"""Height and width of one example, pixels."""
EXAMPLES: tuple[tuple[str, Label], ...] = (
    ("night", Label("AI-generated", Mark.AI)),
    ("snow", Label("AI生成", placement=Placement.BOTTOM_LEFT)),
    ("jaguars", Label("AI-generated", placement=Placement.TOP_RIGHT, height_fraction=0.08)),
    ("fig", Label("Zmienione przez sztuczną inteligencję", Mark.AI, Placement.BOTTOM_BAR)),
    ("stripes", Label("人工智能生成合成", placement=Placement.TOP_LEFT)),
    ("mountains", Label(mark=Mark.AI, height_fraction=0.12)),
    ("dandelion", Label("Created with AI by a model of this platform", placement=Placement.CENTRE)),
    ("colosseum", Label("Made with AI", height_fraction=0.02)),
    ("crocodile", Label("Δημιουργήθηκε με ΤΝ", Mark.AI, Placement.BOTTOM_LEFT, 0.07)),
)


def ground(name: str) -> Pixels:
    """A photograph cut to the cell, or a plain or busy ground of that size."""
    if name == "night":
        return np.full((*CELL, 3), 12, np.uint8)
    if name == "snow":
        return np.full((*CELL, 3), 248, np.uint8)
    if name == "stripes":
        return np.tile((np.arange(CELL[1]) // 4 % 2 * 255).astype(np.uint8)[None, :, None], (CELL[0], 1, 3))
    with Image.open(ROOT / f"tests/media/{name}.jpg") as photograph:
        whole = photograph.convert("RGB")
    scale = max(CELL[1] / whole.width, CELL[0] / whole.height)
    small = np.asarray(
        whole.resize((round(whole.width * scale), round(whole.height * scale)), Image.Resampling.LANCZOS)
    )
    return small[: CELL[0], : CELL[1]]


def main() -> int:
    """Writes docs/images/labels.jpg: three examples a row."""
    cells = [
        np.pad(draw(Frame(ground(name)), label).frame.pixels, ((4, 4), (4, 4), (0, 0)), constant_values=255)
        for name, label in EXAMPLES
    ]
    rows = [np.concatenate(cells[start : start + 3], axis=1) for start in range(0, len(cells), 3)]
    Image.fromarray(np.concatenate(rows)).save(ROOT / "docs/images/labels.jpg", quality=78, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

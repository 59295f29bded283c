"""Makes the README's pictures out of a real run of the demo: `python scripts/pictures.py`."""

from __future__ import annotations

import contextlib
import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console

from server import demo

IMAGES = Path(__file__).resolve().parent.parent / "docs/images"
WIDTH = 1000


def beside(left: Path, right: Path) -> Image.Image:
    """Two pictures of one size, next to each other, `WIDTH` pixels wide together."""
    pictures = [Image.open(path).convert("RGB") for path in (left, right)]
    width, height = pictures[0].size
    both = Image.new("RGB", (2 * width + 8, height), "white")
    both.paste(pictures[0], (0, 0))
    both.paste(pictures[1], (width + 8, 0))
    both.thumbnail((WIDTH, WIDTH))
    return both


def main() -> int:
    """Runs the demo and keeps what it printed and made. 1 when a receipt did not verify."""
    console = Console(record=True, width=118, file=io.StringIO(), color_system="truecolor")
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        output = Path("demo-output")
        verified = demo.run(output, console)
        pictures = beside(output / "tampered.jpg", output / "tampered_copy_move_mask.png")
        pictures.save(IMAGES / "copy_move.jpg", quality=88)
    # The font would be fetched from another host by whoever looks at the picture.
    text = re.sub(r"@font-face \{.*?\}\s*", "", console.export_svg(title="make demo"), flags=re.DOTALL)
    (IMAGES / "demo.svg").write_text(text)
    return 0 if verified else 1


if __name__ == "__main__":
    sys.exit(main())

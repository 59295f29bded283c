"""Makes pixels of SVG that strangers drew, in a process of its own with limits on size, time and memory.

It knows resvg and processes. What is drawn, and whether it may be used, it does not know.
"""

from __future__ import annotations

import io
import multiprocessing
import resource
from multiprocessing.pool import Pool
from types import TracebackType

from PIL import Image

from core.errors import CorruptMedia, LimitExceeded, ParserFailed

MAX_BYTES = 1 << 20
"""Of a drawing's file: of 7,458 in openclipart twelve are larger."""
_MEMORY = 2 << 30  # bytes of address space of the process
_SECONDS = 10.0
_DPI = 90.0
"""Pixels of an inch to the programs of those years (Inkscape before 0.92); without it "210mm" is no size to resvg."""


class Rasteriser:
    """Draws SVG on transparent squares. A context: the process ends with it.

    side: pixels of the square. seconds: after which a drawing is given up, and its process with it.
    """

    def __init__(self, side: int, seconds: float = _SECONDS) -> None:
        self._side = side
        self._seconds = seconds
        self._pool = self._started()

    def __enter__(self) -> Rasteriser:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pool.terminate()
        self._pool.join()

    def draw(self, svg: bytes) -> Image.Image:
        """RGBA, (side, side), what is drawn in its middle and as large as fits.

        Raises LimitExceeded for a file that is too large, CorruptMedia for one that is no SVG, draws nothing or holds
        pictures of other formats, ParserFailed where drawing it takes too long or too much memory.
        """
        if len(svg) > MAX_BYTES:
            raise LimitExceeded("a drawing is too large", field="svg", limit=str(MAX_BYTES), found=str(len(svg)))
        # A picture inside a drawing may be any file of this machine, and is no drawing.
        if b"<image" in svg or b"feImage" in svg:
            raise CorruptMedia("a drawing holds a picture of another format", field="svg")
        waiting = self._pool.apply_async(_render, (svg, 4 * self._side))
        try:
            png = waiting.get(self._seconds)
        except ValueError as error:
            raise CorruptMedia(f"resvg refuses it: {error}", field="svg") from error
        # A process that died of its limits answers nothing: that is seen by the time it takes.
        except (multiprocessing.TimeoutError, MemoryError) as error:
            self._pool.terminate()
            self._pool.join()
            self._pool = self._started()
            raise ParserFailed("drawing it took too long or too much memory", field="svg") from error
        return _squared(png, self._side)

    def _started(self) -> Pool:
        return multiprocessing.get_context("spawn").Pool(1, initializer=_confine)


def _confine() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


def _render(svg: bytes, side: int) -> bytes:
    """PNG, `side` pixels wide and as high as the drawing's shape wants. Runs in the confined process."""
    import resvg_py

    text = svg.decode("utf-8", errors="replace")
    return bytes(resvg_py.svg_to_bytes(svg_string=text, width=side, dpi=_DPI, skip_system_fonts=True))


def _squared(png: bytes, side: int) -> Image.Image:
    with Image.open(io.BytesIO(png)) as page:
        # Drawings often lie somewhere on an empty page.
        box = page.getchannel("A").getbbox()
        if box is None:
            raise CorruptMedia("it draws nothing", field="svg")
        drawn = page.convert("RGBA").crop(box)
    longest = max(drawn.size)
    square = Image.new("RGBA", (longest, longest))
    square.paste(drawn, ((longest - drawn.width) // 2, (longest - drawn.height) // 2))
    # Premultiplied, or the black behind what is transparent would seep into the edges.
    return square.convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA")

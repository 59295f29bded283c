"""TIFFs beyond 8-bit grey and RGB as 8-bit RGB to look at: deep colours, floats, signed numbers, many bands.

Light is scaled as it is. What was measured has no white of its own: its values are stretched so that all but the
darkest and the brightest fiftieth are told apart, and of several bands the first three are shown. This module knows
how samples look; it does not change what `core.parsers.deep` says of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.errors import CorruptMedia, UnsupportedMedia
from core.limits import Limits
from core.media import Pixels, View
from core.parsers import tiffs
from core.parsers.bounds import check_frames
from core.parsers.tiffs import BANDS, Layout
from core.sandbox.contract import Request

_ROWS = 256  # scaled at a time
_LOOKED_AT = 1 << 20  # samples by which black and white are chosen
_ENDS = (2, 98)  # percent


def parse(request: Request) -> View | None:
    """The view as `core.parsers.pixels` gives it; None for a file that Pillow reads without loss, or has to judge.

    Raises CorruptMedia, UnsupportedMedia or LimitExceeded.
    """
    try:
        first = tiffs.layout(request.stream(0), request.limits)
    except CorruptMedia:
        return None
    if first is None or first.is_plain:
        return None
    pages = tiffs.count(request.stream(0))
    check_frames(pages, request.limits)
    rgb, alpha = _page(request, 0)
    later = list(_later(request, first, pages))
    arrays: dict[str, NDArray[Any]] = {"pixels": np.stack([rgb, *later]), "times": np.zeros(1 + len(later))}
    if alpha is not None and not later:
        arrays["alpha"] = alpha
    return View(_facts(first, pages), arrays)


def warm() -> None:
    """Loads what is opened at first use."""
    tiffs.warm()
    _scaled(np.ones((2, 2, 1), np.float32), *_ends(np.ones((2, 2, 1), np.float32)))


def render(samples: NDArray[Any], found: Layout) -> tuple[Pixels, Pixels | None]:
    """RGB, uint8 (h, w, 3), and alpha, uint8 (h, w), None where every pixel is opaque, of samples (h, w, c)."""
    colours, alpha = (samples[..., :-1], samples[..., -1]) if found.alpha else (samples, None)
    shown = colours[..., : 3 if colours.shape[2] >= 3 else 1]
    is_light = found.dtype.kind == "u" and (found.kind != BANDS or found.bits <= 8)
    low, high = (0.0, float(2**found.bits - 1)) if is_light else _ends(shown)
    made = _scaled(shown, low, high)
    if found.inverted:
        made = 255 - made
    opacity = None if alpha is None else _scaled(alpha[..., None], 0.0, _opaque(found))[..., 0]
    rgb = np.ascontiguousarray(np.broadcast_to(made, (*made.shape[:2], 3)))
    return rgb, None if opacity is None or opacity.min() == 255 else opacity


def _later(request: Request, first: Layout, pages: int) -> Iterator[Pixels]:
    """Sampled pages after the first, in its size."""
    limits, size = request.limits, (first.width, first.height)
    for index in sampled(pages, first.width * first.height, limits):
        rgb, _ = _page(request, index)
        yield rgb if rgb.shape[1::-1] == size else np.asarray(Image.fromarray(rgb).resize(size))


def sampled(pages: int, pixels: int, limits: Limits) -> list[int]:
    """The indices of what is looked at behind the first of `pages` pictures of so many pixels, evenly spread."""
    count = max(1, min(pages, limits.sampled_frames, limits.max_pixels // pixels))
    return sorted({round(index) for index in np.linspace(0, pages - 1, count)} - {0})


def _page(request: Request, index: int) -> tuple[Pixels, Pixels | None]:
    read = tiffs.read(request.stream(0), request.limits, index)
    if read is None:
        message = "a page of another kind of samples than the first is not read"
        raise UnsupportedMedia(message, field="media", limit="grey, RGB or bands", found=f"page {index + 1}")
    return render(read[1], read[0])


def _ends(shown: NDArray[Any]) -> tuple[float, float]:
    """The values that become black and white."""
    step = max(1, int(np.sqrt(shown.size / _LOOKED_AT)))
    looked_at = shown[::step, ::step].astype(np.float64)
    finite = looked_at[np.isfinite(looked_at)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, _ENDS)
    return float(low), float(high)


def _scaled(samples: NDArray[Any], low: float, high: float) -> Pixels:
    """Bytes, 0 at `low` and 255 at `high`; black where a sample is no number, and mid-grey where all are equal."""
    made = np.empty(samples.shape, np.uint8)
    for top in range(0, len(samples), _ROWS):
        rows = slice(top, top + _ROWS)
        values = samples[rows].astype(np.float64)
        share = (values - low) / (high - low) if high > low else np.full(values.shape, 0.5)
        made[rows] = np.rint(255 * np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0), 0, 1))
    return made


def _opaque(found: Layout) -> float:
    """Alpha of an opaque pixel."""
    return 1.0 if found.dtype.kind == "f" else 2.0 ** (found.bits - (found.dtype.kind == "i")) - 1


def _facts(found: Layout, pages: int) -> dict[str, Any]:
    return {
        "format": "TIFF",
        "mode": f"{found.kind} of {found.dtype.name}",
        "has_alpha": found.alpha,
        "n_frames": pages,
        "declared_width": found.width,
        "declared_height": found.height,
        "icc_bytes": found.icc_bytes,
        "bits": found.bits,
        "width": found.width,
        "height": found.height,
        "duration": 0.0,
    }

"""A scene as a picture to look at, for whoever screens and shows pictures: 8-bit RGB of any bands of any type.

Bytes stay as they are. Other types are stretched, each band by itself, from its 2nd to its 98th percentile, as map
viewers do: a scene's few thousand steps out of 65,536 would be black otherwise, and nobody could screen what is in it.
What is told apart from data (nodata) is black.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rasterio.windows import Window

from core.errors import CorruptMedia, UnsupportedMedia
from core.media import View
from core.parsers.bounds import check_frames, check_size
from core.parsers.scenes import tags
from core.parsers.scenes.opening import dataset
from core.sandbox.contract import Request

_Ranges: TypeAlias = list[tuple[float, float]]
_COLOURS = ("red", "green", "blue")
_ALPHA = "alpha"
_SIDE = 1024  # of the reduced bands from which percentiles are taken, pixels
_ROWS = 256  # of a strip that is decoded at once
_LOW, _HIGH = 2.0, 98.0
GEOREFERENCED = "georeferenced"
"""The fact that tells a scene."""


def parse(request: Request) -> View:
    """The picture in the form that `core.sandbox.assembly` describes, with the fact "georeferenced".

    Raises CorruptMedia, LimitExceeded, and UnsupportedMedia for complex numbers.
    """
    pages, bits = _header(request)
    check_frames(sum(pages.values()), request.limits)
    with dataset(request.blobs[0]) as scene:
        check_size(scene.width, scene.height, request.limits)
        kind = np.dtype(scene.dtypes[0]).kind if not scene.dtypes[0].startswith("complex") else "c"
        if kind not in "uif":
            raise UnsupportedMedia("samples are no real numbers", field="media", limit="real", found=scene.dtypes[0])
        pixels = _pixels(scene)
        arrays: dict[str, NDArray[Any]] = {"pixels": pixels[np.newaxis], "times": np.zeros(1)}
        if (alpha := _alpha(scene)) is not None:
            arrays["alpha"] = alpha
        size = scene.width, scene.height
    return View(_facts(size, pages["pictures"], bits, has_alpha="alpha" in arrays), arrays)


def _header(request: Request) -> tuple[dict[str, int], int]:
    """How many pages of each kind there are, and the bits of a sample."""
    try:
        with tags.opened(request.stream(0)) as file:
            return tags.subfiles(file, request.limits.max_frames + 1), int(file.pages.first.bitspersample)
    except tags.DAMAGE as error:
        raise CorruptMedia(f"the scene's tags cannot be read ({type(error).__name__})", field="media") from error


def _facts(size: tuple[int, int], pictures: int, bits: int, *, has_alpha: bool) -> dict[str, Any]:
    width, height = size
    return {
        "format": "TIFF",
        "mode": "scene",
        "has_alpha": has_alpha,
        "n_frames": pictures,
        "declared_width": width,
        "declared_height": height,
        "icc_bytes": 0,
        "bits": bits,
        "width": width,
        "height": height,
        "duration": 0.0,
        GEOREFERENCED: True,
    }


def _pixels(scene: Any) -> NDArray[np.uint8]:
    """RGB uint8 (h, w, 3)."""
    palette = _palette(scene)
    shown = [1] if palette is not None else _shown(scene)
    ranges = [(0.0, 255.0)] * 3 if scene.dtypes[0] == "uint8" else _ranges(scene, shown)
    made = np.zeros((scene.height, scene.width, 3), np.uint8)
    for rows, window in _strips(scene):
        stored = scene.read(shown, window=window)
        if palette is not None:
            made[rows] = palette[np.clip(stored[0], 0, len(palette) - 1)]
            continue
        valid = scene.read_masks(shown, window=window) > 0
        for channel in range(3):
            band = channel if len(shown) == 3 else 0
            made[rows, :, channel] = _stretched(stored[band], valid[band], *ranges[band])
    return made


def _shown(scene: Any) -> list[int]:
    """The bands, from 1, for red, green and blue; one where there are not three, or no colours among fewer."""
    names = [each.name for each in scene.colorinterp]
    if all(colour in names for colour in _COLOURS):
        return [names.index(colour) + 1 for colour in _COLOURS]
    data = [number for number, name in enumerate(names, start=1) if name != _ALPHA]
    return data[:3] if len(data) >= 3 else data[:1] or [1]


def _ranges(scene: Any, shown: list[int]) -> _Ranges:
    """From where to where each band is stretched."""
    shape = (min(scene.height, _SIDE), min(scene.width, _SIDE))
    reduced = scene.read(shown, out_shape=(len(shown), *shape), masked=True)
    return [_range(np.ma.compressed(band).astype(np.float64)) for band in reduced]


def _range(values: NDArray[np.float64]) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 0.0, 1.0
    low, high = (float(each) for each in np.percentile(finite, (_LOW, _HIGH)))
    return (low, high) if high > low else (low - 1.0, low + 1.0)


def _stretched(band: NDArray[Any], valid: NDArray[np.bool_], low: float, high: float) -> NDArray[np.uint8]:
    values = (np.where(valid & np.isfinite(band), band, low).astype(np.float64) - low) / (high - low)
    return np.where(valid, np.rint(np.clip(values, 0, 1) * 255), 0).astype(np.uint8)


def _palette(scene: Any) -> NDArray[np.uint8] | None:
    """(n, 3) where the first band's values are numbers of colours."""
    try:
        colours = scene.colormap(1)
    except ValueError:
        return None
    table = np.zeros((max(colours) + 1, 3), np.uint8)
    for number, colour in colours.items():
        table[number] = colour[:3]
    return table


def _alpha(scene: Any) -> NDArray[np.uint8] | None:
    """(h, w) where a band of bytes is alpha and some of it is not opaque."""
    names = [each.name for each in scene.colorinterp]
    if _ALPHA not in names or scene.dtypes[0] != "uint8":
        return None
    alpha: NDArray[np.uint8] = scene.read(names.index(_ALPHA) + 1)
    return None if alpha.min() == 255 else alpha


def _strips(scene: Any) -> Iterator[tuple[slice, Window]]:
    for top in range(0, scene.height, _ROWS):
        height = min(_ROWS, scene.height - top)
        yield slice(top, top + height), Window(0, top, scene.width, height)

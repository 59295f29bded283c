"""A new scene as a GeoTIFF, written tile by tile while it is made.

tifffile writes the file; the coordinate system's tags go in as they came. Rows of tiles, all bands of a pixel together,
deflate with the predictor that fits the type. A file that would pass 4 GiB becomes a BigTIFF. This module knows TIFF's
tags. It does not know how samples are made.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from generators.scenes.placement import Placement
from generators.scenes.scene import Scene

MIME = "image/tiff"
_COPIED = {"keys": 34735, "doubles": 34736, "texts": 34737, "metadata": 42112}
_NODATA = 42113
_SHORT, _ASCII, _DOUBLE = 3, 2, 12
_RGB, _WHITE_IS_ZERO, _BLACK_IS_ZERO = 2, 0, 1
_BIG = 3 << 30  # bytes of samples from which offsets of 32 bits might not do
_LEVEL = 6


def write(
    scene: Scene, placement: Placement, shape: tuple[int, int], side: int, tiles: Iterable[NDArray[Any]]
) -> bytes:
    """The file. shape: height and width, pixels. side: of a tile. tiles: (bands, h, w), row by row; smaller at the
    right and lower edge.
    """
    bands, dtype = scene.samples.shape[0], scene.samples.dtype
    file = io.BytesIO()
    size = shape[0] * shape[1] * bands * dtype.itemsize
    with tifffile.TiffWriter(file, bigtiff=size >= _BIG) as writer:
        writer.write(
            _whole(tiles, side),
            shape=(*shape, bands) if bands > 1 else shape,
            dtype=dtype,
            tile=(side, side),
            compression="zlib",
            compressionargs={"level": _LEVEL},
            predictor=True,
            maxworkers=1,
            metadata=None,
            software=False,
            extratags=_tags(scene, placement),
            **_meaning(scene),
        )
    return file.getvalue()


def _whole(tiles: Iterable[NDArray[Any]], side: int) -> Iterator[NDArray[Any]]:
    """Tiles of full size, (side, side, bands): what is missing at an edge repeats the edge."""
    for tile in tiles:
        bands, height, width = tile.shape
        grown = np.pad(tile, ((0, 0), (0, side - height), (0, side - width)), mode="edge")
        pixel = np.ascontiguousarray(np.moveaxis(grown, 0, 2))
        yield pixel if bands > 1 else pixel[..., 0]


def _meaning(scene: Scene) -> dict[str, Any]:
    """How TIFF says what the bands are, as the source did."""
    bands = scene.samples.shape[0]
    colours = scene.interpretation[:3] == ("red", "green", "blue")
    photometric = _RGB if colours else scene.photometric
    if photometric not in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB) or (photometric == _RGB and bands < 3):
        photometric = _BLACK_IS_ZERO
    more = bands - (3 if photometric == _RGB else 1)
    extra = scene.extra if len(scene.extra) == more else (0,) * more
    meaning: dict[str, Any] = {"photometric": photometric, "extrasamples": extra}
    return meaning | ({"planarconfig": "contig"} if bands > 1 else {})


def _tags(scene: Scene, placement: Placement) -> list[tuple[int, int, int, Any, bool]]:
    """(code, type, count, value, in the first page only), as tifffile takes them."""
    found: list[tuple[int, int, int, Any, bool]] = []
    for code, values in placement.tags():
        found.append((code, _DOUBLE, values.size, tuple(float(each) for each in values), True))
    for name, code in _COPIED.items():
        array = scene.copied.get(name)
        if array is None:
            continue
        if array.dtype == np.uint8:
            found.append((code, _ASCII, 0, array.tobytes().rstrip(b"\x00"), True))
        else:
            kind = _SHORT if array.dtype == np.uint16 else _DOUBLE
            found.append((code, kind, array.size, tuple(each.item() for each in array), True))
    if scene.nodata_text:
        found.append((_NODATA, _ASCII, 0, scene.nodata_text.encode("ascii", "ignore"), True))
    return found

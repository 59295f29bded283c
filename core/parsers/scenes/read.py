"""The `scene` parser: what a georeferenced TIFF measures, as it is stored, and all that goes into a new file unchanged.

    facts   bands, dtype, width, height; transform (a, b, c, d, e, f of pixel corners: x = a·column + b·row + c and
            y = d·column + e·row + f), or None; point (coordinates name middles of pixels); vertical (scale and offset
            of heights); nodata (as text, "" for none); interpretation (of each band: "red", "alpha", …); photometric,
            extra (TIFF's own numbers); pictures, overviews, masks (counts); palette
    arrays  samples (bands, h, w); keys, doubles, texts (the coordinate system's tags); ties (n, 6), of ground control
            points; rpc (92,); metadata (XML)

The view is empty for whatever is no georeferenced TIFF. Samples are left out for other types than `TYPES`, for more
bands than `MAX_BANDS`, and for palettes: whoever wants them MUST look at the facts first. This module does not know
what is done to a scene.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.io import MemoryFile

from core.errors import CorruptMedia
from core.limits import Limits
from core.media import View
from core.parsers.bounds import check_size, exceeded
from core.parsers.scenes import tags
from core.parsers.scenes.opening import DRIVER, SETTINGS, dataset, quiet
from core.sandbox.contract import Request

TYPES = ("uint8", "uint16", "int16", "float32")
MAX_BANDS = 32
_BYTES_A_PIXEL = 8  # of all bands together, over `Limits.max_pixels`
_NO_SCENE = View()
_GCPS = 6  # values of a tie point; more than one without a pixel scale are ground control points


def parse(request: Request) -> View:
    """The scene in the first blob. Raises CorruptMedia or LimitExceeded."""
    if request.mime != "image/tiff" or not tags.is_scene(request.stream(0)):
        return _NO_SCENE
    with dataset(request.blobs[0]) as scene:
        check_size(scene.width, scene.height, request.limits)
        facts = _facts(scene)
        facts |= _placed(request, facts)
        arrays = _tags(request) | ({"samples": _samples(scene, request.limits)} if _is_read(facts) else {})
    return View(facts, arrays)


def warm() -> None:
    """Loads what GDAL and tifffile load at first use: drivers and codecs. Coordinate systems are not looked up."""
    quiet()
    ramp = np.arange(16 * 16, dtype=np.uint16).reshape(1, 16, 16)
    placed = {"transform": rasterio.Affine(10, 0, 0, 0, -10, 0)}
    for compression in ("deflate", "lzw", "zstd", "packbits"):
        with rasterio.Env(**SETTINGS), MemoryFile() as file:
            shape = {"driver": DRIVER, "width": 16, "height": 16, "count": 1, "dtype": "uint16"}
            with file.open(**shape, **placed, compress=compression) as made:
                made.write(ramp)
                made.update_tags(1, UNIT="m")
            data = bytes(file.read())
        parse(Request([data], "image/tiff", Limits()))


def _is_read(facts: dict[str, Any]) -> bool:
    """Whether there is any use in the samples."""
    return facts["dtype"] in TYPES and facts["bands"] <= MAX_BANDS and not facts["palette"]


def _facts(scene: Any) -> dict[str, Any]:
    kinds = set(scene.dtypes)
    return {
        "width": scene.width,
        "height": scene.height,
        "bands": scene.count,
        "dtype": scene.dtypes[0] if len(kinds) == 1 else "mixed",
        "transform": None if scene.transform.is_identity else [float(each) for each in scene.transform[:6]],
        "interpretation": [each.name for each in scene.colorinterp],
    }


def _placed(request: Request, facts: dict[str, Any]) -> dict[str, Any]:
    try:
        with tags.opened(request.stream(0)) as file:
            page = file.pages.first
            scale, ties = (tags.numbers(page, code, np.float64) for code in (tags.SCALE, tags.TIES))
            heights = [
                float(each[at]) if each is not None and each.size > at else 0.0 for each, at in ((scale, 2), (ties, 5))
            ]
            return {
                "point": tags.is_point(page),
                "vertical": heights if facts["transform"] is not None else [0.0, 0.0],
                "nodata": tags.text(page, tags.NODATA)[:64],
                "photometric": int(page.photometric),
                "extra": [int(each) for each in page.extrasamples],
                "palette": tags.PALETTE in page.tags,
                **tags.subfiles(file, request.limits.max_frames),
            }
    except tags.DAMAGE as error:
        raise CorruptMedia(f"the scene's tags cannot be read ({type(error).__name__})", field="media") from error


def _tags(request: Request) -> dict[str, NDArray[Any]]:
    """The tags that are copied, as far as they are there."""
    with tags.opened(request.stream(0)) as file:
        page = file.pages.first
        found = {name: tags.numbers(page, code, dtype) for name, (code, dtype) in tags.COPIED.items()}
        found["rpc"] = tags.numbers(page, tags.RPC, np.float64)
        ties = tags.numbers(page, tags.TIES, np.float64)
        if ties is not None and ties.size > _GCPS and ties.size % _GCPS == 0 and tags.SCALE not in page.tags:
            found["ties"] = ties.reshape(-1, _GCPS)
        if xml := tags.metadata(page):
            found["metadata"] = np.frombuffer(xml, np.uint8)
    return {name: array for name, array in found.items() if array is not None}


def _samples(scene: Any, limits: Limits) -> NDArray[Any]:
    """(bands, h, w), read block by block into one array. Raises LimitExceeded where that would be too large."""
    size = scene.width * scene.height * scene.count * np.dtype(scene.dtypes[0]).itemsize
    most = _BYTES_A_PIXEL * limits.max_pixels
    if size > most:
        raise exceeded("samples", "size of all bands in bytes", most, size)
    samples: NDArray[Any] = scene.read()
    return samples

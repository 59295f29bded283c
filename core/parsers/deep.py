"""The `samples` parser: what a picture holds beyond 8-bit RGB, as it is stored.

    facts   bits (significant bits of a sample), minimum, maximum (of the type's range), kind, width, height, inverted
    arrays  samples (h, w, c), in their own type, not scaled and not turned; alpha (h, w), of the same type

kind "grey": one sample a pixel, where `inverted` tells that 0 is white; "rgb": three; "bands": any number, of whatever
they measure. The view is empty for pictures of 8 bits in grey or RGB, of which `pixels` tells everything, and for those
whose samples are no light at all (palettes, inks). The range of floats is 0 to 1 where all lie in it, and from the
least to the greatest finite one where not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.camera import RAW_FORMATS
from core.media import View
from core.parsers import heif, pngs, raws, tiffs
from core.parsers.scenes.tags import is_scene
from core.sandbox.contract import Request

_EMPTY = View()


def parse(request: Request) -> View:
    """The samples of the first blob's first picture. Raises CorruptMedia, UnsupportedMedia or LimitExceeded."""
    reader = _READERS.get(request.mime)
    return reader(request) if reader else _EMPTY


def warm() -> None:
    """Loads what decoders open at first use."""
    tiffs.warm()
    raws.warm()
    pngs.warm()


def view_of(
    samples: NDArray[Any], bits: int, kind: str, *, alpha: bool, multiplied: bool = False, inverted: bool = False
) -> View:
    """The view of samples (h, w, c), the last of which is alpha where there is one."""
    colours, opacity = (samples[..., :-1], samples[..., -1]) if alpha else (samples, None)
    least, most = value_range(samples, bits)
    if opacity is not None and multiplied:
        colours = _divided(colours, opacity, most)
    height, width = samples.shape[:2]
    facts = {
        "bits": bits,
        "minimum": least,
        "maximum": most,
        "kind": kind,
        "width": width,
        "height": height,
        "inverted": inverted,
    }
    arrays = {"samples": colours} | ({} if opacity is None else {"alpha": opacity})
    return View(facts, arrays)


def value_range(samples: NDArray[Any], bits: int) -> tuple[float, float]:
    """The least and the greatest value that samples of this type and so many significant bits may have."""
    if samples.dtype.kind == "u":
        return 0, 2**bits - 1
    if samples.dtype.kind == "i":
        return -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    finite = samples[np.isfinite(samples)]
    if not finite.size:
        return 0.0, 1.0
    least, most = float(finite.min()), float(finite.max())
    return (0.0, 1.0) if least >= 0 and most <= 1 else (least, most)


def _png(request: Request) -> View:
    data = request.blobs[0]
    if not pngs.is_deep(data):
        return _EMPTY
    samples = pngs.samples(data, request.limits)
    count = samples.shape[2]
    return view_of(samples, 16, tiffs.GREY if count < 3 else tiffs.RGB, alpha=count in (2, 4))


def _tiff(request: Request) -> View:
    if is_scene(request.stream(0)):
        return _EMPTY  # measured values, which `core.parsers.scenes` reads
    found = tiffs.layout(request.stream(0), request.limits)
    if found is None or found.is_plain:
        return _EMPTY
    read = tiffs.read(request.stream(0), request.limits)
    if read is None:
        return _EMPTY
    found, samples = read
    return view_of(
        samples, found.bits, found.kind, alpha=found.alpha, multiplied=found.multiplied, inverted=found.inverted
    )


def _divided(colours: NDArray[Any], alpha: NDArray[Any], most: float) -> NDArray[Any]:
    """Colours before alpha was multiplied into them; black under full transparency, where nothing is left of them."""
    share = alpha[..., None] / np.float64(most)
    free = np.divide(colours, share, out=np.zeros(colours.shape), where=share > 0)
    divided: NDArray[Any] = np.clip(np.rint(free) if colours.dtype.kind in "ui" else free, 0, most).astype(
        colours.dtype
    )
    return divided


def _heif(request: Request) -> View:
    read = heif.samples(request)
    if read is None:
        return _EMPTY
    samples, bits, alpha = read
    return view_of(samples, bits, tiffs.RGB, alpha=alpha)


def _raw(request: Request) -> View:
    return view_of(raws.develop(request), 16, tiffs.RGB, alpha=False)


_READERS: Mapping[str, Callable[[Request], View]] = {
    "image/png": _png,
    "image/tiff": _tiff,
    "image/heif": _heif,
    **dict.fromkeys(RAW_FORMATS, _raw),
}

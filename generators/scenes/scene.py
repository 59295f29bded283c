"""A scene as the sandbox read it, checked again, or the reason why it cannot be worked on.

A worker may lie, so every number is looked at before it is used. This module knows what can be enhanced. It does not
know how a TIFF is read, written or enhanced.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput, LimitExceeded, UnsupportedMedia
from core.media import Media, View
from core.sandbox.wire import malformed
from generators.scenes.placement import RPC_VALUES, Placement

VIEW, FACT = "scene", "georeferenced"
TYPES = ("uint8", "uint16", "int16", "float32")
MAX_BANDS = 32
_COLOURS = ("red", "green", "blue")
_ALPHA = "alpha"
_COPIED = {"keys": np.uint16, "doubles": np.float64, "texts": np.uint8, "metadata": np.uint8}
_MAX_COPIED = 1 << 17  # bytes of one tag, or values


@dataclass(frozen=True, eq=False, slots=True)
class Scene:
    """samples: (bands, h, w), of one of `TYPES`. nodata: what stands where nothing was measured, None for nothing.

    interpretation: what each band is, in GDAL's words. photometric, extra: TIFF's own numbers for the same. copied:
    tags that go into a new file as they are, by name. dropped: what a new file will not have.
    """

    samples: NDArray[Any]
    nodata: float | None
    nodata_text: str
    placement: Placement
    interpretation: tuple[str, ...]
    photometric: int
    extra: tuple[int, ...]
    copied: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width, pixels."""
        height, width = self.samples.shape[1:]
        return height, width

    @property
    def alpha(self) -> int | None:
        """The band, from 0, that says how opaque the others are."""
        return self.interpretation.index(_ALPHA) if _ALPHA in self.interpretation else None

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Bands that are worked on together: red, green and blue in this order. All others go by themselves, because
        what a network of colours knows of one band would show in another that measures something else.
        """
        names = self.interpretation
        colours = tuple(names.index(colour) for colour in _COLOURS) if set(_COLOURS) <= set(names) else ()
        single = tuple((band,) for band in range(len(names)) if band not in colours and band != self.alpha)
        return ((colours,) if colours else ()) + single


def is_scene(media: Media) -> bool:
    """Whether the file says where on earth it lies."""
    return media.view("pixels").facts.get(FACT) is True


def scene_of(media: Media) -> Scene:
    """The scene in `media`. Raises InvalidInput, UnsupportedMedia or LimitExceeded, naming the field, for one that
    cannot be worked on, and ParserFailed for a view that no sound parser gives.
    """
    view = media.view(VIEW)
    if view.error:
        raise InvalidInput(view.error, field="media", limit="a georeferenced TIFF", found="unreadable")
    facts = view.facts
    _refuse(facts)
    samples = _samples(view, media)
    placement = _placement(view)
    if not placement.is_known:
        message = "the scene names a coordinate system and no place in it: its georeference is missing"
        raise InvalidInput(message, field="media", limit="a transform, control points or RPC", found="none")
    interpretation = tuple(str(name) for name in facts.get("interpretation", ()))
    if len(interpretation) != samples.shape[0]:
        raise malformed("bands of which nobody knows what they are")
    text = str(facts.get("nodata", ""))
    scene = Scene(
        samples=samples,
        nodata=_nodata(text, samples.dtype),
        nodata_text=text,
        placement=placement,
        interpretation=interpretation,
        photometric=int(facts.get("photometric", 1)),
        extra=tuple(int(each) for each in facts.get("extra", ())),
        copied={name: view.arrays[name] for name in _COPIED if name in view.arrays},
        dropped=("overviews",) if facts.get("overviews") else (),
    )
    if not scene.groups:
        raise InvalidInput("the scene holds no measurements", field="media", limit="a band of data", found=_ALPHA)
    return scene


def _refuse(facts: Mapping[str, Any]) -> None:
    """Raises for what a scene has and nobody here could keep."""
    if facts.get("palette"):
        message = "the values of the scene are numbers of classes or colours: there is nothing between two of them"
        raise UnsupportedMedia(message, field="media", limit="measured values", found="a palette")
    if facts.get("dtype") not in TYPES:
        message = "scenes of such samples are not enhanced"
        raise UnsupportedMedia(message, field="media", limit=", ".join(TYPES), found=str(facts.get("dtype"))[:32])
    bands = facts.get("bands", 0)
    if bands > MAX_BANDS:
        message = "the scene has too many bands"
        raise LimitExceeded(message, field="media.bands", limit=str(MAX_BANDS), found=str(bands))
    if facts.get("pictures") != 1:
        message = "only files of one scene can be enhanced: all but the first would be lost"
        raise InvalidInput(message, field="media", limit="one scene", found=f"{facts.get('pictures')} scenes")
    if facts.get("masks"):
        message = (
            "a mask that lies beside the bands is not kept; say by a nodata value or an alpha band what is missing"
        )
        raise UnsupportedMedia(message, field="media", limit="nodata or alpha", found="a mask of its own")


def _samples(view: View, media: Media) -> NDArray[Any]:
    samples, copied = view.arrays.get("samples"), {name: view.arrays.get(name) for name in _COPIED}
    if samples is None or samples.ndim != 3 or samples.dtype.name not in TYPES or not samples.size:
        raise malformed("no samples")
    if samples.shape[1:] != (media.height, media.width) or samples.shape[0] > MAX_BANDS:
        raise malformed("samples of another size than the picture")
    for name, array in copied.items():
        if array is not None and (array.dtype != _COPIED[name] or array.ndim != 1 or array.size > _MAX_COPIED):
            raise malformed("a tag that no scene has")
    return samples


def _placement(view: View) -> Placement:
    facts, ties, rpc = view.facts, view.arrays.get("ties"), view.arrays.get("rpc")
    transform = facts.get("transform")
    if transform is not None:
        transform = _finite(transform, 6)
        if transform[0] * transform[4] == transform[1] * transform[3]:
            raise InvalidInput("the scene has no area", field="media", limit="a transform", found="a flat transform")
    if ties is not None and (ties.dtype != np.float64 or ties.ndim != 2 or ties.shape[1] != 6):
        raise malformed("ties that are none")
    if rpc is not None and (rpc.dtype != np.float64 or rpc.shape != (RPC_VALUES,)):
        rpc = None  # a model of a length that no reader takes
    vertical = _finite(facts.get("vertical", (0.0, 0.0)), 2)
    return Placement(transform, facts.get("point") is True, (vertical[0], vertical[1]), ties, rpc)


def _finite(values: Any, count: int) -> tuple[float, ...]:
    if not isinstance(values, list | tuple) or len(values) != count:
        raise malformed("no place")
    numbers = tuple(float(value) for value in values)
    if not all(map(math.isfinite, numbers)):
        raise InvalidInput("the scene lies nowhere", field="media", limit="finite coordinates", found="NaN or infinity")
    return numbers


def _nodata(text: str, dtype: np.dtype[Any]) -> float | None:
    """The value of the tag, where samples of this type can have it. GDAL writes and reads it as decimal text."""
    try:
        value = float(text)
    except ValueError:
        return None
    if dtype.kind == "f":
        return float(dtype.type(value)) if math.isfinite(value) or math.isnan(value) else value
    limits = np.iinfo(dtype)
    return value if math.isfinite(value) and value == int(value) and limits.min <= value <= limits.max else None

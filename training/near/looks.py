"""Ways to find a copy among listed pictures, asked the same: how like is it to its own, and to the others.

`near_duplicate` as it is served, PDQ in every orientation and tilt, and CLIP's image tower. Knows pictures by number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from core.media import Frame, Pixels, digest_of
from detectors.fingerprints import ways
from detectors.generated.tower import Tower
from detectors.hashes.entry import Said
from detectors.near.description import Describer, unit
from detectors.near.keypoints import Floats
from detectors.near.near_list import Described, NearList, id_of
from detectors.pdq import BITS, pdq

_LIST = "listed"
CLIP_LAYERS = (5, 8, 10)


class Likeness(NamedTuple):
    """own: to the picture that was copied. other: to the most alike of the others. More is more alike."""

    own: float
    other: float


class Look(Protocol):
    """One way. name: for tables. threshold: likeness from which on it says that it found something; None where nobody
    set one.
    """

    name: str
    threshold: float | None

    def ask(self, pixels: Pixels, own: int | None) -> Likeness:
        """pixels: RGB. own: number of the listed picture that it was made of; None of a stranger."""
        ...


class Near:
    """`near_duplicate`: points that agree. A picture that is not among the candidates has none."""

    name = "near_duplicate"

    def __init__(self, describer: Describer, pictures: Sequence[Pixels], threshold: float) -> None:
        self.threshold: float | None = threshold
        self._describer = describer
        self._ids = [id_of(_named(at), _LIST) for at in range(len(pictures))]
        described = [describer.listed(pixels) for pixels in pictures]
        files = [Described(_named(at), Said(_LIST), [each]) for at, each in enumerate(described) if each is not None]
        self._list = NearList.empty(describer).add(*files)

    def ask(self, pixels: Pixels, own: int | None) -> Likeness:
        """See `Look`."""
        mine = self._ids[own] if own is not None else ""
        points = {
            match.id: float(match.agreement.points) for match in self._list.matches(self._describer.asked(pixels), 1)
        }
        return Likeness(points.pop(mine, 0.0), max(points.values(), default=0.0))


class ByPdq:
    """Bits that agree, in the best way to see the picture; 0 where it is too plain."""

    name = "PDQ"

    def __init__(self, pictures: Sequence[Pixels], distance: int) -> None:
        self.threshold: float | None = float(BITS - distance)
        self._listed = [pdq(pixels) for pixels in pictures]

    def ask(self, pixels: Pixels, own: int | None) -> Likeness:
        """See `Look`."""
        hashes = [each.pdq for each in ways(Frame(pixels))]
        alike = [
            float(max((BITS - (one ^ each.value).bit_count() for one in hashes), default=0)) for each in self._listed
        ]
        return _split(alike, own)


class Seen:
    """What CLIP's tower sees in whole pictures; the last is remembered, since each layer is asked about it."""

    def __init__(self, tower: Tower) -> None:
        self._tower = tower
        self._last: tuple[Pixels, Floats] | None = None

    def layers(self, pixels: Pixels) -> Floats:
        """float32 (layers of `CLIP_LAYERS`, d): the class token of each."""
        if self._last is None or self._last[0] is not pixels:
            self._last = pixels, self._tower.of_whole(pixels).reshape(len(CLIP_LAYERS), -1)
        return self._last[1]


class ByClip:
    """Cosine of one layer's class tokens, less the mean of the listed pictures'."""

    threshold: float | None = None

    def __init__(self, seen: Seen, layer: int, listed: Sequence[Floats]) -> None:
        """layer: its place in `CLIP_LAYERS`. listed: of each listed picture, what `Seen.layers` tells."""
        self.name = f"CLIP, layer {CLIP_LAYERS[layer]}"
        self._seen, self._layer = seen, layer
        rows = np.stack([each[layer] for each in listed])
        self._mean = rows.mean(axis=0)
        self._listed = unit(rows - self._mean)

    def ask(self, pixels: Pixels, own: int | None) -> Likeness:
        """See `Look`."""
        cosines = self._listed @ unit(self._seen.layers(pixels)[self._layer] - self._mean)
        return _split([float(each) for each in cosines], own)


def _split(alike: Sequence[float], own: int | None) -> Likeness:
    others = [each for at, each in enumerate(alike) if at != own]
    return Likeness(alike[own] if own is not None else -np.inf, max(others))


def _named(at: int) -> str:
    return digest_of(str(at).encode()).removeprefix("sha256:")

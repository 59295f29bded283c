"""What an enhancement did to each band of a scene, over all of its pixels, in the band's own units.

The figures go with the output as notes: bands are numbered from 1, as GDAL does. This module knows old and new values,
and no method.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import PreconditionFailed
from generators.base import Value
from generators.scenes import holes
from generators.scenes.conserving import averaged_back
from generators.scenes.scene import Scene
from generators.scenes.survey import Band, Sums
from generators.scenes.windowing import Window

FIGURES = (
    "mean_before",
    "mean_after",
    "deviation_before",
    "deviation_after",
    "consistency_max",
    "valid",
)
"""Of each band: mean and standard deviation of valid values; the most by which new values, averaged back, differ from
the old ones; and the share of pixels that were measured."""
_NOTE = re.compile(r"^band_(\d+)_(\w+)$")
TOLERANCE = 0.005
"""Of a band's standard deviation (or half a step, where that is more): by so much may its mean move."""


class Measured:
    """Counts windows as they are made."""

    def __init__(self, scene: Scene, bands: Mapping[int, Band], scale: int) -> None:
        self._scene = scene
        self._bands = bands
        self._scale = scale
        self._sums = {band: Sums() for band in bands}
        self._most = dict.fromkeys(bands, 0.0)

    def add(self, window: Window) -> None:
        """Counts one window of the new scene."""
        for band, sums in self._sums.items():
            valid = holes.valid_in(self._scene, band, window.rows, window.columns)
            new = window.samples[band]
            sums.add(new[holes.enlarged(valid, self._scale)])
            if valid.any():
                old = self._scene.samples[band, window.rows, window.columns]
                self._most[band] = max(self._most[band], self._apart(new, old, valid))

    @property
    def notes(self) -> dict[str, Value]:
        """The figures. Raises PreconditionFailed where a band's mean moved further than measured values may."""
        notes: dict[str, Value] = {"bands": len(self._bands)}
        for band, found in sorted(self._bands.items()):
            notes |= {f"band_{band + 1}_{name}": value for name, value in self._figures(band, found).items()}
        return notes

    def _figures(self, band: int, found: Band) -> dict[str, float]:
        before, after = found.moments, self._sums[band].moments
        height, width = self._scene.shape
        moved, allowed = abs(after.mean - before.mean), max(TOLERANCE * before.deviation, self._half_a_step)
        if moved > allowed:
            raise PreconditionFailed(
                f"the mean of band {band + 1} moved by {moved:.6g}; measured values allow {allowed:.6g}"
            )
        values = (
            before.mean,
            after.mean,
            before.deviation,
            after.deviation,
            self._most[band],
            before.count / (height * width),
        )
        return {name: _rounded(value) for name, value in zip(FIGURES, values, strict=True)}

    @property
    def _half_a_step(self) -> float:
        return 0.5 if self._scene.samples.dtype.kind in "ui" else 1e-6

    def _apart(self, new: NDArray[Any], old: NDArray[Any], valid: NDArray[np.bool_]) -> float:
        whole = new.astype(np.float64) if new.dtype.kind == "f" else new
        back = averaged_back(whole, self._scale) if self._scale > 1 else whole.astype(np.float64)
        return float(np.abs(back[valid] - old[valid].astype(np.float64)).max())


def bands_in(notes: Mapping[str, Value]) -> dict[int, dict[str, float]]:
    """The figures of each band by name, by the band's number, in order; none where no scene was enhanced."""
    found: dict[int, dict[str, float]] = {}
    for name, value in notes.items():
        match = _NOTE.match(name)
        if match and match.group(2) in FIGURES:
            found.setdefault(int(match.group(1)), {})[match.group(2)] = float(value)
    return dict(sorted(found.items()))


def band_figures_in(notes: Mapping[str, Value]) -> dict[str, float]:
    """The same figures as they stand among the notes, by names such as "band_3_mean_after"."""
    return {
        name: float(value)
        for name, value in notes.items()
        if (match := _NOTE.match(name)) and match.group(2) in FIGURES
    }


def _rounded(value: float) -> float:
    """To nine digits: more than a mean of any such band has."""
    return float(f"{value:.9g}")

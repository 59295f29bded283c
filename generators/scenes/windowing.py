"""A scene enhanced window by window: each window of the new scene is finished before the next is begun.

A window is read with as much around it as everything that looks at neighbours reaches together: so windows cannot be
told from the whole, and memory is that of one window. This module knows the order of things. It does not know what a
method does, nor how a file is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import lcm
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from generators.base import IsCancelled, Progress, stop_if
from generators.scenes import conserving, holes
from generators.scenes.method import Method, Tiled
from generators.scenes.scene import Scene
from generators.scenes.survey import pieces, seen, survey
from generators.tiling import Plan, Span, spans

SIDES = {1: 512, 2: 256, 3: 128, 4: 128}
"""Of a window of the old scene, pixels, by factor. TIFF's tiles are windows of the new one: multiples of 16."""
_LEAST_SIDE = 64
_GRID = 16


@dataclass(frozen=True, slots=True)
class Window:
    """A finished part of the new scene. samples: (bands, h, w). rows, columns: where it lies in the old one."""

    rows: slice
    columns: slice
    samples: NDArray[Any]


class Work:
    """One scene under one method. Raises InvalidInput as `survey` does."""

    def __init__(self, scene: Scene, method: Method) -> None:
        self.scene = scene
        self.scale = method.scale
        self.bands = {band: survey(scene, band) for group in scene.groups for band in group}
        self._tiled = {group: method.prepare(pieces(scene, group, self.bands)) for group in scene.groups}
        self._plan = self._common_plan()

    @property
    def side(self) -> int:
        """Of a window of the old scene, pixels."""
        return self._plan.size

    def windows(self, progress: Progress, cancelled: IsCancelled) -> Iterator[Window]:
        """The new scene, row by row of windows. Raises Cancelled before the next one once `cancelled()`."""
        height, width = self.scene.shape
        grid = [(rows, columns) for rows in spans(height, self._plan) for columns in spans(width, self._plan)]
        for done, (rows, columns) in enumerate(grid, start=1):
            stop_if(cancelled)
            yield self._window(rows, columns)
            progress(done / len(grid))

    def _common_plan(self) -> Plan:
        """One grid for all bands: the largest margin of all, on a grid that suits every network."""
        tiled = [each for each in self._tiled.values() if each]
        look = conserving.SMOOTH_REACH if self.scale == 1 else conserving.REACH
        margin = max((each.plan.margin for each in tiled), default=0) + holes.REACH + look
        return Plan(SIDES.get(self.scale, _LEAST_SIDE), margin).aligned(
            lcm(_GRID, *(each.multiple_of for each in tiled))
        )

    def _window(self, rows: Span, columns: Span) -> Window:
        high, wide = ((span.stop - span.start) * self.scale for span in (rows, columns))
        made = np.empty((self.scene.samples.shape[0], high, wide), self.scene.samples.dtype)
        for group in self.scene.groups:
            for band, values in zip(group, self._group(group, rows, columns), strict=True):
                made[band] = values
        if self.scene.alpha is not None:
            kept = self.scene.samples[self.scene.alpha, _own(rows), _own(columns)]
            made[self.scene.alpha] = holes.enlarged(kept, self.scale)
        return Window(_own(rows), _own(columns), made)

    def _group(self, group: tuple[int, ...], rows: Span, columns: Span) -> Iterator[NDArray[Any]]:
        """The new values of each band of a group, without the margin."""
        read = slice(rows.low, rows.high), slice(columns.low, columns.high)
        known = [seen(self.scene, band, self.bands[band], *read) for band in group]
        made = self._made(group, [values for values, _ in known])
        for layer, (band, (values, valid)) in enumerate(zip(group, known, strict=True)):
            old = self.scene.samples[band][read]
            new = self._kept(band, old, values, valid, made[layer])
            new = np.where(holes.enlarged(valid, self.scale), new, holes.enlarged(old, self.scale))
            yield new[rows.kept(self.scale), columns.kept(self.scale)]

    def _kept(
        self,
        band: int,
        old: NDArray[Any],
        values: NDArray[np.float32],
        valid: NDArray[np.bool_],
        made: NDArray[np.float32] | None,
    ) -> NDArray[Any]:
        """New values that keep what must be kept; the old ones where a band is to stay as it is."""
        bounds = self.bands[band].bounds(self.scene)
        if made is None:
            return old
        if self.scale == 1:
            return conserving.kept_level(made, old, values, valid, bounds)
        return conserving.conserved(made, old, values, self.scale, bounds)

    def _made(self, group: tuple[int, ...], known: list[NDArray[np.float32]]) -> list[NDArray[np.float32] | None]:
        """What the method makes of a group, in the bands' own units."""
        tiled = self._tiled[group]
        if tiled is None:
            return [None] * len(group)
        bands = [self.bands[band] for band in group]
        layers = [band.normalised(values) for band, values in zip(bands, known, strict=True)]
        made = _through(tiled, layers, self.scale)
        return [band.restored(values) for band, values in zip(bands, made, strict=True)]


def _through(tiled: Tiled, layers: list[NDArray[np.float32]], scale: int) -> list[NDArray[np.float32]]:
    """Layers through a method of three channels: one goes as grey. What lies outside 0 and 1 is not shown to the method
    and added again, enlarged smoothly.
    """
    shown = [np.clip(layer, 0, 1) for layer in layers]
    made = tiled.transform(np.dstack(shown if len(shown) == 3 else shown * 3))
    each = [made[..., layer] for layer in range(3)] if len(shown) == 3 else [made.mean(axis=2, dtype=np.float32)]
    return [new + _enlarged(layer - seen, scale) for new, layer, seen in zip(each, layers, shown, strict=True)]


def _enlarged(beyond: NDArray[np.float32], scale: int) -> NDArray[np.float32]:
    if scale == 1 or not beyond.any():
        return beyond if scale == 1 else np.zeros([side * scale for side in beyond.shape], np.float32)
    size = (beyond.shape[1] * scale, beyond.shape[0] * scale)
    return np.asarray(cv2.resize(beyond, size, interpolation=cv2.INTER_CUBIC), np.float32)


def _own(span: Span) -> slice:
    return slice(span.start, span.stop)

"""Gives a drawing another colour: its main hue is turned to the wanted one, what has other hues stays."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from training.scenes.vocabulary import Colour

_NEAR = 40.0  # degrees from the main hue that are turned with it
_VIVID = 0.25  # saturation from which a hue counts
_BINS = 36


def recolour(drawing: npt.NDArray[np.uint8], colour: Colour) -> npt.NDArray[np.uint8]:
    """RGBA uint8 (h, w, 4) in another colour, of the same shape and transparency."""
    rgb = drawing[..., :3].astype(np.float32) / 255
    hue, saturation, value = (np.asarray(part, np.float32) for part in cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)))
    weight = saturation * value * (drawing[..., 3] > 0)
    near = (np.abs(_turn(hue - _main_hue(hue, weight))) < _NEAR) & (saturation > _VIVID)
    hue = np.where(near, colour.hue, hue).astype(np.float32)
    value = np.where(near, colour.value + (1 - colour.value) * value, value)
    saturation = np.where(near, np.clip(saturation * colour.saturation, 0, 1), saturation)
    made = cv2.cvtColor(cv2.merge([hue, saturation, value]).astype(np.float32), cv2.COLOR_HSV2RGB)
    pixels = np.clip(np.rint(made * 255), 0, 255).astype(np.uint8)
    return np.concatenate([pixels, drawing[..., 3:]], axis=2)


def _main_hue(hue: npt.NDArray[np.float32], weight: npt.NDArray[np.float32]) -> float:
    """The hue of most colour, degrees."""
    counts, edges = np.histogram(hue, bins=_BINS, range=(0, 360), weights=weight)
    around = counts + np.roll(counts, 1) + np.roll(counts, -1)
    best = int(np.argmax(around))
    return float((edges[best] + edges[best + 1]) / 2)


def _turn(degrees: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """An angle between -180 and 180."""
    turned: npt.NDArray[np.float32] = (degrees + 180) % 360 - 180
    return turned

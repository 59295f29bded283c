"""From a classifier's outputs to the odds that the operator's classes are there. Knows no library."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from detectors.own.settings import Outputs, OwnCheckpoint

Floats = NDArray[np.float64]
_CERTAIN = 1e-9  # from 0 and 1: what a probability is held to, so that its odds are finite


def chosen(checkpoint: OwnCheckpoint, classes: Sequence[str]) -> tuple[int, ...]:
    """The numbers of the outputs that mean "detected", ascending.

    Raises ConfigurationError, naming the setting, for a class that the network does not have, for none or all of
    several, and for classes that cannot exclude each other because there is one.
    """
    numbers = sorted({_number(checkpoint.name, each, classes) for each in checkpoint.detected})
    if checkpoint.outputs == "softmax" and len(classes) < 2:
        found = "one output excludes no other; set outputs to sigmoid or probabilities"
        raise ConfigurationError(f"the detector {checkpoint.name}: outputs is softmax, and {found}")
    if len(classes) > 1 and len(numbers) == len(classes):
        raise ConfigurationError(f"the detector {checkpoint.name}: detected names all {len(classes)} classes")
    return tuple(numbers)


def log_odds(outputs: NDArray[np.floating], detected: Sequence[int], kind: Outputs) -> Floats:
    """float64 (n,): natural log odds, of outputs (n, classes). NaN where the outputs are no numbers, or no
    probabilities where they should be.
    """
    values = outputs.astype(np.float64)
    if kind == "softmax":
        others = [number for number in range(values.shape[1]) if number not in detected]
        odds = _log_sum(values[:, list(detected)]) - _log_sum(values[:, others])
    elif kind == "sigmoid":
        odds = values[:, list(detected)].max(axis=1)
    else:
        odds = _of_probabilities(values[:, list(detected)])
    return np.where(np.isfinite(values).all(axis=1), odds, np.nan)


def _of_probabilities(values: Floats) -> Floats:
    """Of classes that may come together, which add up at most to one by rounding."""
    whole = values.sum(axis=1)
    sound = (values >= 0).all(axis=1) & (whole <= 1 + 1e-3)
    held = np.clip(np.where(sound, whole, 0.5), _CERTAIN, 1 - _CERTAIN)
    return np.where(sound, np.log(held) - np.log1p(-held), np.nan)


def _log_sum(values: Floats) -> Floats:
    """Log Σ exp along the classes, which does not overflow."""
    top = values.max(axis=1)
    safe = np.where(np.isfinite(top), top, 0.0)
    summed: Floats = safe + np.log(np.exp(np.where(np.isfinite(values), values, 0.0) - safe[:, None]).sum(axis=1))
    return summed


def _number(name: str, wanted: int | str, classes: Sequence[str]) -> int:
    if isinstance(wanted, int):
        if 0 <= wanted < len(classes):
            return wanted
        raise ConfigurationError(f"the detector {name}: detected is class {wanted}, the model has {len(classes)}")
    if classes.count(wanted) == 1:
        return classes.index(wanted)
    there = ", ".join(map(repr, classes[:10])) + (", …" if len(classes) > 10 else "")
    found = "no class of the model" if wanted not in classes else "the name of several of its classes"
    raise ConfigurationError(f"the detector {name}: detected is {wanted!r}, which is {found}; it has {there}")

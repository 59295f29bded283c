"""What every loader makes of a checkpoint: a network that gives a number for each class, and how it wants pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TypeAlias

import torch
from safetensors import SafetensorError

from core.errors import ConfigurationError, IntegrityError
from detectors.own.eyes import Prepare

Classify: TypeAlias = Callable[[torch.Tensor], tuple[torch.Tensor, ...]]
"""float32 (n, 3, h, w) → one tensor (n, classes)."""
EXTRA = "checkpoints"
UNFIT = (
    *(OSError, ValueError, TypeError, LookupError, RuntimeError, ArithmeticError, AttributeError, AssertionError),
    *(ImportError, SafetensorError),
)
"""What libraries raise for files that are missing, damaged or of another architecture."""


@dataclass(frozen=True, eq=False, slots=True)
class Network:
    """classify: on the runner's device. classes: names of its outputs, in their order; () where nobody names them."""

    classify: Classify
    prepare: Prepare
    classes: tuple[str, ...] = ()


@contextmanager
def loading(name: str, library: str) -> Iterator[None]:
    """Tells what `library` raises for unfit files of the detector `name` as IntegrityError."""
    try:
        yield
    except UNFIT as error:
        raise IntegrityError(f"the detector {name}: path holds nothing that {library} loads as a classifier") from error


def need(name: str, package: str, distribution: str) -> None:
    """Raises ConfigurationError where a package is not installed."""
    if find_spec(package) is None:
        told = f"pip install 'countersign[{EXTRA}]'"
        raise ConfigurationError(f"the detector {name} needs the package {distribution}: {told}")

"""The figures of pictures, taken once for many fits: rounds of deliveries, each in a file of its own.

What a probe makes of the figures, this module does not know.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from core.media import Pixels
from detectors.generated.statistics import statistics
from detectors.generated.tower import Tower
from training.generated.deliveries import deliver, draw
from training.generated.material import Picture

Floats = NDArray[np.float32]
_COLOURS = "colours"
About: TypeAlias = tuple[str, bool, str, str, str, str]
"""Name, whether it was made, generator, source, subject and codec of a picture."""


@dataclass(frozen=True, eq=False, slots=True)
class Figures:
    """Of n delivered pictures. seen: float32 (n, 2, d), of the tower, or (n, 0) without one. pixels: float32 (n, m).

    names, made, generators, sources, subjects, codecs: (n,), as in `Picture` and `Delivery`.
    """

    seen: Floats
    pixels: Floats
    names: NDArray[np.str_]
    made: NDArray[np.bool_]
    generators: NDArray[np.str_]
    sources: NDArray[np.str_]
    subjects: NDArray[np.str_]
    codecs: NDArray[np.str_]

    def where(self, wanted: Callable[[str], bool]) -> Figures:
        """Of those pictures alone whose name is wanted."""
        return self.rows(np.array([wanted(str(name)) for name in self.names], bool))

    def rows(self, chosen: NDArray[np.bool_]) -> Figures:
        """Of some alone; chosen: (n,)."""
        return Figures(*(getattr(self, each.name)[chosen] for each in fields(self)))

    def and_then(self, others: Figures) -> Figures:
        """These and those behind them."""
        return Figures(
            *(np.concatenate([getattr(self, each.name), getattr(others, each.name)]) for each in fields(self))
        )


def take(pictures: Iterable[Picture], tower: Tower | None, number: int, seed: int, path: Path) -> None:
    """One round: every picture delivered once, by chance that depends on its name, the round and the seed alone."""

    def arrive(picture: Picture) -> tuple[Pixels, str]:
        rng = np.random.default_rng([seed, number, zlib.crc32(picture.name.encode())])
        delivery = draw(rng, *picture.pixels.shape[:2])
        return deliver(picture.pixels, delivery), delivery.codec

    take_as(pictures, tower, arrive, path)


def take_as(
    pictures: Iterable[Picture], tower: Tower | None, arrive: Callable[[Picture], tuple[Pixels, str]], path: Path
) -> None:
    """Writes the figures of pictures as they arrive, which `arrive` says, with the name of the codec."""
    seen: list[Floats] = []
    pixels: list[Floats] = []
    means: list[Floats] = []
    about: list[About] = []
    for each in pictures:
        arrived, codec = arrive(each)
        means.append(arrived.mean(axis=(0, 1), dtype=np.float32))
        seen.append(tower.features(arrived) if tower else np.zeros(0, np.float32))
        pixels.append(statistics(arrived))
        about.append(about_of(each, codec))
    store(path, seen, pixels, about, means)


def about_of(picture: Picture, codec: str) -> About:
    """What is known of a picture that arrived by that codec."""
    return picture.name, picture.made, picture.generator, picture.source, picture.subject, codec


def store(
    path: Path, seen: Sequence[Floats], pixels: Sequence[Floats], about: Sequence[About], means: Sequence[Floats] = ()
) -> None:
    """A file of a round, whole or not at all: of n pictures what `Figures` has of each. means: of their colours."""
    partial = path.with_suffix(".partial")
    tensors = {"seen": np.stack(seen), "pixels": np.stack(pixels)}
    if means:
        tensors[_COLOURS] = np.stack(means)
    save_file(tensors, partial, {"about": json.dumps(about)})
    partial.replace(path)


def read(paths: Sequence[Path]) -> Figures:
    """All rounds, one behind the other."""
    seen: list[Floats] = []
    pixels: list[Floats] = []
    about: list[About] = []
    for path in paths:
        with safe_open(path, "numpy") as file:
            seen.append(file.get_tensor("seen"))
            pixels.append(file.get_tensor("pixels"))
            about += json.loads(file.metadata()["about"])
    columns = [np.array(column) for column in zip(*about, strict=True)]
    return Figures(np.concatenate(seen), np.concatenate(pixels), *columns)


def colours(path: Path) -> Floats:
    """Mean red, green and blue of a round's pictures, 0 to 255, (n, 3): baselines know them, and no probe."""
    with safe_open(path, "numpy") as file:
        found: Floats = file.get_tensor(_COLOURS)
    return found

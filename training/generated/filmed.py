"""Figures of films: a camera moves over pictures, what it sees is coded, and a picture of each shot is decoded again.

Both classes alike, and decoded as the server does it. What a probe makes of the figures, this module does not know.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from core.limits import Limits
from core.media import Pixels
from core.parsers.videos import parse
from core.sandbox.contract import Request
from detectors.generated.statistics import statistics
from detectors.generated.tower import Tower
from training.evaluation.filming.stills import coding, film_of, shot_of, size_of
from training.generated.features import About, Floats, about_of, store
from training.generated.material import Picture

COUNT = 40
"""Pictures of a shot."""
SHOTS = 3
"""Of a film of several."""


def take_films(
    films: Iterable[Sequence[Picture]], tower: Tower | None, number: int, seed: int, path: Path, count: int = COUNT
) -> None:
    """One round: of every film, a shot a picture, the figures of the picture in the middle of each shot, in order.

    By chance that depends on the names, the round and the seed alone. One picture a shot, since those of one shot are
    so alike that another film tells more. count: pictures of a shot.
    """
    seen: list[Floats] = []
    pixels: list[Floats] = []
    about: list[About] = []
    for shown in films:
        rng = np.random.default_rng([seed, number, zlib.crc32("+".join(each.name for each in shown).encode())])
        frames, codec = filmed([each.pixels for each in shown], rng, count)
        seen += [tower.features(frame) if tower else np.zeros(0, np.float32) for frame in frames]
        pixels += [statistics(frame) for frame in frames]
        about += [about_of(each, codec) for each in shown]
    store(path, seen, pixels, about)


def filmed(pictures: Sequence[Pixels], rng: np.random.Generator, count: int = COUNT) -> tuple[list[Pixels], str]:
    """The picture in the middle of each shot, RGB uint8, and how the film was coded."""
    coded = coding(rng)
    size = size_of(pictures, rng)
    data = film_of([shot_of(each, size, count, rng) for each in pictures], coded)
    view = parse(Request((data,), coded.codec.mime, Limits(sampled_frames=len(pictures))))
    return list(view.arrays["pixels"]), coded.band


def alone(pictures: Iterable[Picture]) -> Iterator[Sequence[Picture]]:
    """Films of one shot."""
    return ((each,) for each in pictures)


def together(pictures: Sequence[Picture], most: int) -> Iterator[Sequence[Picture]]:
    """Films of SHOTS shots whose pictures one fold of `fitting.folds` leaves out together.

    most: films a fold of each kind: with one picture by a generator among those by people, with such pictures alone,
    and with none. Half of a fold's pictures by generators at most stand among others. None is in two films.
    """
    sources = sorted({each.source for each in pictures if each.made})
    for number, source in enumerate(sources):
        made = [each for each in pictures if each.made and each.source == source]
        taken = [each for each in pictures if not each.made and zlib.crc32(each.name.encode()) % len(sources) == number]
        mixed = min(most, len(made) // 2, len(taken) // (2 * SHOTS))
        for at in range(mixed):
            first, second = taken[2 * at : 2 * at + 2]
            shots = [first, second]
            shots.insert(at % SHOTS, made[at])
            yield shots
        yield from islice(threes(made[mixed:]), most)
        yield from islice(threes(taken[2 * mixed :]), most)


def threes(pictures: Sequence[Picture]) -> Iterator[Sequence[Picture]]:
    """Films of SHOTS shots, as many as they fill."""
    return (pictures[start : start + SHOTS] for start in range(0, len(pictures) - SHOTS + 1, SHOTS))

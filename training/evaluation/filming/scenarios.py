"""Films with and without edits, all stored alike: made, encoded well, edited as pictures, encoded again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.media import Pixels
from training.evaluation.filming.edits import Truth, dropped, inserted, repeated
from training.evaluation.filming.files import decoded, encoded
from training.evaluation.filming.moves import MOVES, RATE, shot

UNTOUCHED = ("plain", "away and back")
"""Without edits: two shots; and one shot that is left for another and gone back to, having gone on meanwhile."""
_FIRST, _SECOND = (16, 24), (18, 36)  # H.264's quality, before and after
_LENGTH = (60, 110)  # pictures of a shot


@dataclass(frozen=True, eq=False, slots=True)
class Sample:
    """One film. kind: of `UNTOUCHED` or of the edit. group: the scenario that it was made in. crf: of the last
    encoding. truth: None where nothing was edited.
    """

    kind: str
    group: int
    crf: int
    data: bytes
    truth: Truth | None


def films(photographs: dict[str, Pixels], count: int, seed: int) -> Iterator[Sample]:
    """`count` scenarios, each of four photographs drawn at random, each as five films."""
    names = sorted(photographs)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        chosen = [photographs[names[int(index)]] for index in rng.choice(len(names), 4, replace=False)]
        yield from _scenario(chosen, number, rng)


def _scenario(chosen: list[Pixels], number: int, rng: np.random.Generator) -> Iterator[Sample]:
    first, second, other = (_shot(picture, chosen[3], rng) for picture in chosen[:3])
    film = _stored_once(np.concatenate([first, second]), rng)
    away = _stored_once(_away_and_back(first, other), rng)
    cuts = [len(first)]
    yield _sample("plain", number, film, None, rng)
    yield _sample("away and back", number, away, None, rng)
    yield _sample("repeated", number, *repeated(film, rng, RATE), rng)
    yield _sample("inserted", number, *inserted(film, other, rng, RATE), rng)
    yield _sample("dropped", number, *dropped(film, cuts, rng, RATE), rng)


def _shot(photograph: Pixels, passer: Pixels, rng: np.random.Generator) -> Pixels:
    return shot(photograph, passer, str(rng.choice(MOVES)), int(rng.integers(*_LENGTH)), rng)


def _away_and_back(scene: Pixels, other: Pixels) -> Pixels:
    """The middle third of the scene is not shown, the other is meanwhile."""
    third = len(scene) // 3
    return np.concatenate([scene[:third], other[:third], scene[2 * third :]])


def _stored_once(film: Pixels, rng: np.random.Generator) -> Pixels:
    return decoded(encoded(film, RATE, int(rng.integers(*_FIRST))))


def _sample(kind: str, number: int, film: Pixels, truth: Truth | None, rng: np.random.Generator) -> Sample:
    crf = int(rng.integers(*_SECOND, endpoint=True))
    return Sample(kind, number, crf, encoded(film, RATE, crf), truth)

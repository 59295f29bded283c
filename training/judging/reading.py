"""The judge's maps → what it saw. It knows maps and names, and no network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from torch.nn import functional

from training.judging.labels import Labels, Maps
from training.scenes.vocabulary import GENDERS

_MOST = 16  # things looked at in a picture, the surest first; a scene holds six at most
_OVER = 0.5  # of the smaller side: centres nearer than this are of one thing


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that was seen. across, down, side: its centre and the side of its square, fractions of the picture's.

    colour, style, gender, tone: the likeliest, whether or not the thing has any: a cat is given a gender, too.
    """

    word: str
    sure: float
    across: float
    down: float
    side: float
    colour: str
    style: str
    gender: str
    tone: int


def things_of(maps: Maps, labels: Labels, threshold: float) -> list[tuple[Thing, ...]]:
    """What each picture shows, the surest first. threshold: 0–1, of `Thing.sure`."""
    heat = maps.heat.sigmoid()
    heat = heat * heat.eq(functional.max_pool2d(heat, 3, stride=1, padding=1))
    best, word = heat.max(dim=1)
    found = []
    for picture in range(len(best)):
        top = best[picture].flatten().topk(min(_MOST, best[picture].numel()))
        words = word[picture].flatten()
        seen = (
            _thing(maps, labels, (picture, *divmod(int(at), best.shape[-1])), labels.words[int(words[at])], float(sure))
            for at, sure in zip(top.indices, top.values, strict=True)
            if sure >= threshold
        )
        found.append(tuple(_apart(seen)))
    return found


def _thing(maps: Maps, labels: Labels, spot: tuple[int, int, int], word: str, sure: float) -> Thing:
    """What stands at a spot: its picture, row and column."""
    picture, row, column = spot
    cells = maps.heat.shape[-1]
    across, down, side = (float(value) for value in maps.geometry[picture, :, row, column])
    kinds = (maps.colour, maps.style, maps.gender, maps.tone)
    colour, style, gender, tone = (int(each[picture, :, row, column].argmax()) for each in kinds)
    return Thing(
        word=word,
        sure=sure,
        across=(column + across) / cells,
        down=(row + down) / cells,
        side=max(side, 1.0) / cells,
        colour=labels.colours[colour],
        style=labels.styles[style],
        gender=GENDERS[gender],
        tone=tone,
    )


def _apart(seen: Iterator[Thing]) -> Iterator[Thing]:
    """Those that are not another, surer one seen again: things of a scene never lie over each other."""
    kept: list[Thing] = []
    for thing in seen:
        if not any(_same(thing, other) for other in kept):
            kept.append(thing)
            yield thing


def _same(one: Thing, other: Thing) -> bool:
    distance = max(abs(one.across - other.across), abs(one.down - other.down))
    return distance < _OVER * min(one.side, other.side)

"""The judge's maps → what it saw. It knows maps and names, and no network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
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
    kinds = {name: getattr(maps, name).argmax(dim=1) for name in ("colour", "style", "gender", "tone")}
    cells = best.shape[-1]
    found = []
    for picture in range(len(best)):
        top = best[picture].flatten().topk(min(_MOST, cells * cells))
        spots = [divmod(int(at), cells) for at, sure in zip(top.indices, top.values, strict=True) if sure >= threshold]
        seen = (
            Thing(
                word=labels.words[int(word[picture, row, column])],
                sure=float(best[picture, row, column]),
                **_square(maps.geometry[picture, :, row, column], row, column, cells),
                **_kinds({name: int(values[picture, row, column]) for name, values in kinds.items()}, labels),
            )
            for row, column in spots
        )
        found.append(tuple(_apart(seen)))
    return found


def _square(geometry: torch.Tensor, row: int, column: int, cells: int) -> dict[str, float]:
    across, down, side = (float(value) for value in geometry)
    return {"across": (column + across) / cells, "down": (row + down) / cells, "side": max(side, 1.0) / cells}


def _kinds(best: Mapping[str, int], labels: Labels) -> dict[str, str | int]:
    return {
        "colour": labels.colours[best["colour"]],
        "style": labels.styles[best["style"]],
        "gender": GENDERS[best["gender"]],
        "tone": best["tone"],
    }


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

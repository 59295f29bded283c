"""What the scores of pictures by unseen generators are worth, apart for all that could fool a reader. Knows numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from detectors.base import Verdict
from training.evaluation.intervals import auc, wilson
from training.generated.features import Figures
from training.generated.fitting import Floats, Mask
from training.generated.material import DRAWING

Places: TypeAlias = NDArray[np.intp]
Area: TypeAlias = Callable[[Places, Places], float]
_SAME = "like photographs, against those of the same subject"
_DRAWS = 200
_SEED = 7


@dataclass(frozen=True, slots=True)
class Row:
    """value with its 95% interval. made, taken: how many pictures of either kind are behind it, 0 where none are."""

    name: str
    value: float
    low: float
    high: float
    made: int
    taken: int


def ranking(figures: Figures, scores: Floats) -> Iterator[Row]:
    """Areas under ROC curves, with intervals by drawing pictures, with all their deliveries, again. What there are no
    pictures for is left out.
    """
    taken = ~figures.made & (figures.subjects != DRAWING)
    lifelike = figures.made & (figures.subjects != DRAWING)
    drawn = ~figures.made & (figures.subjects == DRAWING)
    compared: list[tuple[str, Mask, Mask]] = [
        ("all, against photographs", figures.made, taken),
        ("like photographs, against photographs", lifelike, taken),
        (_SAME, lifelike, taken),
        ("in other styles, against drawings by people", figures.made & ~lifelike, drawn),
    ]
    compared += [
        (f"of {source}, left out", figures.made & (figures.sources == source), taken)
        for source in sorted(set(figures.sources[figures.made]))
    ]
    compared += [
        (f"as {codec}", figures.made & (figures.codecs == codec), taken & (figures.codecs == codec))
        for codec in sorted(set(figures.codecs))
    ]
    for name, made, others in compared:
        if made.any() and others.any():
            area = _matched(figures, scores) if name == _SAME else _plain(scores)
            yield _drawn_again(name, figures, made, others, area)


def verdicts(figures: Figures, found: Sequence[Verdict]) -> Iterator[tuple[str, Verdict, Row]]:
    """Of each kind of picture, the share that is detected, cleared, and abstained on. found: (n,)."""
    said = np.array(found)
    lifelike = figures.subjects != DRAWING
    kinds = {
        "made, like photographs": figures.made & lifelike,
        "made, in other styles": figures.made & ~lifelike,
        "photographs": ~figures.made & lifelike,
        "drawings by people": ~figures.made & ~lifelike,
    }
    for kind, chosen in kinds.items():
        count = len(set(figures.names[chosen]))
        for verdict in Verdict:
            share = float((said[chosen] == verdict).mean()) if count else 0.0
            low, high = wilson(share * count, count)
            made = count if kind.startswith("made") else 0
            yield kind, verdict, Row(kind, share, low, high, made, count - made)


def turned(figures: Figures, found: Sequence[Verdict]) -> Row:
    """Of pictures with a verdict, the share that has the opposite one after another delivery."""
    by_name: dict[str, set[Verdict]] = {}
    for name, verdict in zip(figures.names.tolist(), found, strict=True):
        by_name.setdefault(name, set()).add(verdict)
    spoken = {name: each - {Verdict.ABSTAINED} for name, each in by_name.items() if each != {Verdict.ABSTAINED}}
    both = sum(len(each) == 2 for each in spoken.values())
    made = len(set(figures.names[figures.made].tolist()) & set(spoken))
    low, high = wilson(both, len(spoken))
    return Row("turned", both / max(1, len(spoken)), low, high, made, len(spoken) - made)


def _plain(scores: Floats) -> Area:
    return lambda made, taken: auc(scores[made], scores[taken])


def _matched(figures: Figures, scores: Floats) -> Area:
    """Pictures against photographs of the same subject only: what is in them tells nothing."""

    def area(made: Places, taken: Places) -> float:
        total, count = 0.0, 0
        for subject in set(figures.subjects[made]) & set(figures.subjects[taken]):
            one = made[figures.subjects[made] == subject]
            other = taken[figures.subjects[taken] == subject]
            total, count = total + auc(scores[one], scores[other]) * len(one), count + len(one)
        return total / max(1, count)

    return area


def _drawn_again(name: str, figures: Figures, made: Mask, taken: Mask, area: Area) -> Row:
    """The area, and where it lies when pictures are drawn again, with replacement (a cluster bootstrap)."""
    rng = np.random.default_rng(_SEED)
    groups = [_by_name(figures, rows) for rows in (made, taken)]
    found = [area(*(np.concatenate(_again(each, rng)) for each in groups)) for _ in range(_DRAWS)]
    low, high = np.percentile(found, (2.5, 97.5))
    value = area(np.flatnonzero(made), np.flatnonzero(taken))
    return Row(name, value, float(low), float(high), len(groups[0]), len(groups[1]))


def _by_name(figures: Figures, rows: Mask) -> list[Places]:
    places = np.flatnonzero(rows)
    return [places[figures.names[places] == name] for name in sorted(set(figures.names[places]))]


def _again(groups: list[Places], rng: np.random.Generator) -> list[Places]:
    return [groups[at] for at in rng.integers(0, len(groups), len(groups))]

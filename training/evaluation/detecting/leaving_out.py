"""Whether what was learned carries over to a generator that nobody showed: each is left out in turn.

    for fold in leave_one_out(generators, photographs):
        scores = learn(fold.learned).score(fold.asked)

Knows names of generators and photographs, and no picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from training.evaluation.detecting.ranking import Interval, auc_interval
from training.evaluation.detecting.tables import Sheet, cell, number

REAL = ""
"""The generator of real pictures."""
_PARTS = 5


@dataclass(frozen=True, eq=False, slots=True)
class Fold:
    """learned, asked: which samples are for either, bool (n,); no generator and no photograph is in both."""

    generator: str
    learned: NDArray[np.bool_]
    asked: NDArray[np.bool_]


def leave_one_out(
    generators: Sequence[str], photographs: Sequence[str] | None = None, parts: int = _PARTS
) -> Iterator[Fold]:
    """One fold a generator, in order of name; real samples have the generator `REAL`.

    photographs: what each sample was made from, so that a photograph and its reconstructions are on one side; without,
    each sample is by itself. Photographs are dealt into `parts`: a fold asks about those of one part, the next fold
    about those of the next, and samples of the generator whose photograph is in none of the real samples are all asked.

    Raises InvalidInput, at once, without two generators, without as many real photographs as parts, and where lengths
    differ.
    """
    made_by = np.asarray(generators, dtype=object)
    source = np.asarray(range(len(made_by)) if photographs is None else photographs, dtype=object)
    if source.shape != made_by.shape:
        raise _refused("one photograph each", "photographs", len(made_by), len(source))
    names = sorted({str(each) for each in generators} - {REAL})
    real = made_by == REAL
    places = {photograph: at for at, photograph in enumerate(dict.fromkeys(source[real]))}
    if len(names) < 2:
        raise _refused("two generators", "generators", 2, len(names))
    if len(places) < parts:
        raise _refused(f"{parts} real photographs", "photographs", parts, len(places))
    part = np.array([places[each] % parts if each in places else -1 for each in source])
    return (_fold(name, made_by == name, source, part, number % parts, real) for number, name in enumerate(names))


def _fold(
    name: str,
    its: NDArray[np.bool_],
    source: NDArray[np.object_],
    part: NDArray[np.int_],
    here: int,
    real: NDArray[np.bool_],
) -> Fold:
    of_part = part == here
    asked = np.asarray((its & ((part < 0) | of_part)) | (real & of_part), bool)
    # Other generators may have worked on the same photograph, also where it is in none of the real samples.
    known = np.isin(source, np.unique(source[asked]))
    return Fold(name, ~its & ~of_part & ~known, asked)


def _refused(needed: str, field: str, limit: int, found: int) -> InvalidInput:
    message = f"leaving one out needs {needed}, found {found}"
    return InvalidInput(message, field=field, limit=str(limit), found=str(found))


def table(folds: Mapping[str, tuple[Sequence[float], Sequence[bool], Sequence[str]]]) -> Sheet:
    """AUC of each fold by the generator that was left out, their mean, and the worst.

    folds: scores, truths and photographs of the asked samples.
    """
    found: dict[str, tuple[Interval, int]] = {}
    for name, (scores, truth, photographs) in folds.items():
        positives = np.asarray(truth, bool)
        interval = auc_interval(np.asarray(scores, np.float64), positives, photographs)
        found[name] = (interval, int(positives.sum()))
    rows = [(name, f"{made}+{each.count - made}", cell(each)) for name, (each, made) in found.items()]
    values = [each.value for each, _ in found.values()]
    if values:
        rows += [("mean", "", number(sum(values) / len(values))), ("worst", "", number(min(values)))]
    return Sheet("each generator left out of training", ("left out", "n", "AUC"), tuple(rows))

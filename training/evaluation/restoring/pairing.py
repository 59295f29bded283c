"""Pairs of two folders: large pictures, and the small or spoiled ones that somebody else made of them.

They are found by name, and held together by size: a small one has as many pixels as a whole factor leaves, rounded up
or down. One folder may hold both sides, and a large picture may have partners of several factors.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from training.evaluation.restoring.conditions import given
from training.evaluation.restoring.contest import Pair, measurable
from training.evaluation.restoring.folders import Folder
from training.evaluation.restoring.naming import agree, made_from_others, name_of
from training.metrics import Picture

NAMES = "names are compared without their ending and marks such as x4, _LR or _HR"


def given_pairs(large: Folder, small: Folder, scales: Sequence[int] = ()) -> Iterator[Pair]:
    """Every pair, large pictures in order of name. Whatever has no partner, or none of a fitting size, is skipped.

    scales: the only factors that are wanted, none for all.
    """
    wanted, there = large.originals(), made_from_others(small.files())
    one_folder = large.path.resolve() == small.path.resolve()
    by_name: Mapping[str, list[Path]] = defaultdict(list)
    for path in there:
        by_name[name_of(path).plain].append(path)
    used: set[Path] = set()
    for path in wanted:
        partners = _partners(path, by_name.get(name_of(path).plain, ()))
        if not partners:
            large.skipped[path.name] = f"has no partner in {small.path.name}"
        used.update(partners)
        for partner in partners:
            if (pair := _pair(large, small, path, partner, scales)) is not None:
                yield pair
    _tell_the_rest(large, {*wanted, *(used if one_folder else ())}, small)
    _tell_the_rest(small, {*used, *(wanted if one_folder else ())}, large)


def _partners(path: Path, there: Sequence[Path]) -> list[Path]:
    """Those that one name is of. Where one has the very same name, it is the one."""
    same = [each for each in there if each.name == path.name and not _is(each, path)]
    return same or [each for each in there if agree(path, each) and not _is(each, path)]


def _is(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _pair(large: Folder, small: Folder, path: Path, partner: Path, scales: Sequence[int]) -> Pair | None:
    wanted, spoiled = large.read(path), small.read(partner)
    if wanted is None or spoiled is None:
        return None
    scale = factor_of(wanted, spoiled, name_of(partner).factor)
    if scale is None:
        large.skipped[path.name] = _misfit(wanted, spoiled, partner)
        return None
    if scales and scale not in scales:
        small.skipped[partner.name] = f"is smaller by {scale}, not by {' or '.join(map(str, scales))}"
        return None
    # Sets round up or down where a side is no multiple of the factor: what both have is measured.
    height, width = (min(one // scale, other) for one, other in zip(wanted.shape[:2], spoiled.shape[:2], strict=True))
    cut = wanted[: height * scale, : width * scale]
    if not measurable(cut, scale):
        large.skipped[path.name] = f"too small to measure at x{scale}"
        return None
    return Pair(given(scale), spoiled[:height, :width], cut)


def factor_of(wanted: Picture, spoiled: Picture, told: int = 0) -> int | None:
    """The whole number by which the sides of the spoiled picture are smaller, 1 or more; None where there is none.

    told: what its name says, which decides where several numbers fit.
    """
    longest = max((0, 1), key=lambda axis: wanted.shape[axis])
    for factor in dict.fromkeys((told, round(int(wanted.shape[longest]) / int(spoiled.shape[longest])))):
        sides = zip(wanted.shape[:2], spoiled.shape[:2], strict=True)
        if factor >= 1 and all(abs(one - other * factor) < factor for one, other in sides):
            return factor
    return None


def _misfit(wanted: Picture, spoiled: Picture, partner: Path) -> str:
    (height, width), (other_height, other_width) = wanted.shape[:2], spoiled.shape[:2]
    sizes = f"{width}×{height} beside {other_width}×{other_height}"
    if height < other_height and width < other_width:
        return f"is smaller than its partner {partner.name}, {sizes}: are --hr and --lr the other way round?"
    return f"does not fit its partner {partner.name}, {sizes}: no whole factor lies between them"


def _tell_the_rest(folder: Folder, used: set[Path], other: Folder) -> None:
    for path in folder.files():
        if path not in used and path.name not in folder.skipped:
            folder.skipped[path.name] = f"has no partner in {other.path.name}"

"""Pairs of two folders: large pictures, and the small or spoiled ones that somebody else made of them.

They are found by name, and held together by size: a small one has as many pixels as a whole factor leaves, rounded up
or down. One folder may hold both sides, and a large picture may have partners of several factors and levels of noise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.evaluation.restoring.conditions import Condition, given
from training.evaluation.restoring.contest import Pair, measurable
from training.evaluation.restoring.folders import Folder
from training.evaluation.restoring.naming import Name, agree, made_from_others, names_of
from training.metrics import Picture

NAMES = "names are compared without their ending and marks such as x4, _LR or _HR"


@dataclass(frozen=True, slots=True)
class Named:
    """Two files that are partners by their names. factor, level: what the names tell, None where they do not."""

    large: Path
    small: Path
    factor: int | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is told of the pairs beforehand. scales: the only factors that are wanted, none for all. sigma: of the noise
    in those whose names tell none, 8-bit steps; where it is told, what is named otherwise is left out.
    """

    scales: Sequence[int] = ()
    sigma: float | None = None

    def fits(self, named: Named) -> bool:
        """Whether the pair is wanted, as far as its names tell."""
        fits_scale = not self.scales or named.factor is None or named.factor in self.scales
        return fits_scale and (self.sigma is None or named.level in (None, self.sigma))


ALL = Wanted()
"""Whatever there is."""


def named_pairs(large: Folder, small: Folder) -> list[Named]:
    """Every pair as far as names tell, large pictures in order of name. Opens no file.

    Of two files in one folder that may each be the original of the other, neither is taken.
    """
    found = _by_name(large, small)
    back = {(pair.small.resolve(), pair.large.resolve()) for pair in found}
    return [pair for pair in found if (pair.large.resolve(), pair.small.resolve()) not in back]


def given_pairs(large: Folder, small: Folder, wanted: Wanted = ALL) -> Iterator[Pair]:
    """Every pair that can be measured. Whatever has no partner, or none of a fitting size, is skipped."""
    pairs = named_pairs(large, small)
    for pair in pairs:
        if (made := _pair(large, small, pair, wanted)) is not None:
            yield made
    used, in_doubt = _files(pairs), _files(_by_name(large, small))
    for folder, other in ((large, small), (small, large)):
        for path in folder.files():
            if (real := path.resolve()) not in used:
                doubt = f"may be the original of a file of {other.path.name} as well as made from it"
                why = doubt if real in in_doubt else f"has no partner in {other.path.name}"
                folder.skipped.setdefault(path.name, why)


def _files(pairs: Sequence[Named]) -> set[Path]:
    return {path.resolve() for pair in pairs for path in (pair.large, pair.small)}


def _by_name(large: Folder, small: Folder) -> list[Named]:
    names = names_of([*large.files(), *small.files()])
    by_plain: dict[str, list[Path]] = defaultdict(list)
    for path in made_from_others(small.files()):
        by_plain[names[path].plain].append(path)
    return [
        Named(path, partner, names[partner].factor, names[partner].level)
        for path in large.originals()
        for partner in _partners(path, by_plain.get(names[path].plain, ()), names)
    ]


def _partners(path: Path, there: Sequence[Path], names: Mapping[Path, Name]) -> list[Path]:
    """Those that one name is of. Where one has the very same name, it is the one."""
    others = [each for each in there if each.resolve() != path.resolve()]
    return [each for each in others if each.name == path.name] or [
        each for each in others if agree(names[path], names[each])
    ]


def _pair(large: Folder, small: Folder, named: Named, told: Wanted) -> Pair | None:
    sigma = told.sigma if named.level is None else named.level
    if told.sigma not in (None, sigma):
        small.skipped[named.small.name] = f"is of noise {sigma:g} by its name, not of {told.sigma:g}"
        return None
    wanted, spoiled = large.read(named.large), small.read(named.small)
    if wanted is None or spoiled is None:
        return None
    scale = factor_of(wanted, spoiled, named.factor)
    if scale is None:
        large.skipped[named.large.name] = _misfit(wanted, spoiled, named.small)
        return None
    if told.scales and scale not in told.scales:
        small.skipped[named.small.name] = f"is smaller by {scale}, not by {' or '.join(map(str, told.scales))}"
        return None
    return _cut(large, named.large, wanted, spoiled, given(scale, sigma))


def _cut(large: Folder, path: Path, wanted: Picture, spoiled: Picture, condition: Condition) -> Pair | None:
    """What both have: sets round up or down where a side is no multiple of the factor."""
    scale = condition.scale
    height, width = (min(one // scale, other) for one, other in zip(wanted.shape[:2], spoiled.shape[:2], strict=True))
    cut = wanted[: height * scale, : width * scale]
    if not measurable(cut, scale):
        large.skipped[path.name] = f"too small to measure at x{scale}"
        return None
    return Pair(condition, spoiled[:height, :width], cut)


def factor_of(wanted: Picture, spoiled: Picture, told: int | None = None) -> int | None:
    """The whole number by which the sides of the spoiled picture are smaller, 1 or more; None where there is none.

    told: what its name says, which decides where several numbers fit.
    """
    longest = max((0, 1), key=lambda axis: wanted.shape[axis])
    by_size = round(int(wanted.shape[longest]) / int(spoiled.shape[longest]))
    for factor in (by_size if told is None else told, by_size):
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

"""What is asked of the contest, checked before its long work begins; and why it came to nothing, where it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import InvalidInput
from generators.base import Generator
from training.evaluation import drawing
from training.evaluation.between import parts
from training.evaluation.restoring import report
from training.evaluation.restoring.folders import Folder
from training.evaluation.restoring.pairing import NAMES


def named(generators: Sequence[Generator], names: Sequence[str]) -> Sequence[Generator]:
    """Those of these names, all where there are none. Raises InvalidInput for a name that is not among them."""
    there = {generator.name: generator for generator in generators}
    for name in names:
        if name not in there:
            known = ", ".join(there)
            raise InvalidInput(f"no model {name!r}; there are: {known}", field="models", limit=known, found=name)
    return [there[name] for name in dict.fromkeys(names)] or generators


def check(page: Path | None, plot: Path | None) -> None:
    """Raises ConfigurationError for a page without marks, PreconditionFailed for a drawing that nothing can draw."""
    if page is not None:
        parts(page, (report.BEGIN, report.END))
    if plot is not None:
        drawing.check(plot)


def beside(small: Folder, originals: Folder) -> dict[str, str]:
    """What was skipped of the folder of small pictures, by names that are not among another folder's."""
    if small.path.resolve() == originals.path.resolve():
        return small.skipped
    return {
        f"{small.path.name}/{name}" if name in originals.skipped else name: why for name, why in small.skipped.items()
    }


def nothing(skipped: Mapping[str, str]) -> InvalidInput:
    """Nothing could be measured; says why the first file could not."""
    name, why = next(iter(skipped.items()), ("", "no model here undoes what was done to them"))
    names = f"; {NAMES}" if "has no partner" in why else ""
    return InvalidInput(
        f"none of the pictures can be measured: {f'{name} ' if name else ''}{why}{names}",
        field="hr",
        limit="a picture, and a model for it",
        found=f"{len(skipped)} files skipped",
    )

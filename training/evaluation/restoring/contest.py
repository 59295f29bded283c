"""Every model that can undo a condition, on the same spoiled pictures, with its quality and its cost.

Models run as a request runs them, parameters, tiles and the writing of the file included. Knows generators, not which
ones there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from generators import parameters
from generators.base import BURST, Generator, Job, Value
from training.evaluation.restoring.conditions import DEBLUR, MISR, UPSCALE, Condition
from training.evaluation.restoring.cost import Cost, measured
from training.evaluation.restoring.folders import Folder
from training.evaluation.shown import as_media
from training.metrics import Picture, Score, mean_score, score

_BESIDE = {MISR: UPSCALE, DEBLUR: "sharpen"}
"""Tasks of what is measured too: what enlarges a burst's first picture, and what sharpens a blurred one."""
SPOILED = "as it is"
"""What the table calls a spoiled picture that nobody restored."""
_WINDOW = 11  # side of the window of SSIM, pixels


@dataclass(frozen=True, slots=True)
class Row:
    """One model under one condition: means over pictures, processor seconds for a megapixel of output, and the peak of
    memory in MiB; None where there is none to tell.
    """

    model: str
    condition: str
    task: str
    pictures: int
    psnr_y: float
    ssim_y: float
    seconds_per_megapixel: float | None
    peak_megabytes: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A picture to restore, and what it should become, RGB uint8; sizes differ by the condition's scale.

    burst: further pictures of the same.
    """

    condition: Condition
    spoiled: Picture
    wanted: Picture
    burst: tuple[Picture, ...] = ()


@dataclass(slots=True)
class Tally:
    """What one model reached so far."""

    task: str
    scores: list[Score] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    pixels: int = 0


def hold(pairs: Iterable[Pair], generators: Sequence[Generator]) -> list[Row]:
    """One row for each condition and model, in the order in which they first came."""
    tallies: dict[tuple[str, str], Tally] = {}
    for pair in pairs:
        _enter(tallies, SPOILED, pair, pair.spoiled, None)
        for model in contestants(pair.condition, generators):
            if (pair.condition.name, model.name) not in tallies:
                run(model, job_of(model, _corner(pair)))  # what is set up on first use costs no picture
            job = job_of(model, pair)
            made, cost = measured(lambda model=model, job=job: run(model, job))  # type: ignore[misc]
            _enter(tallies, model.name, pair, made, cost)
    return [_row(condition, model, tally) for (condition, model), tally in tallies.items()]


def contestants(condition: Condition, generators: Iterable[Generator]) -> Iterator[Generator]:
    """Those that do the condition's task, at its factor, and those that `_BESIDE` names."""
    tasks = {condition.task, _BESIDE.get(condition.task, condition.task)}
    for generator in generators:
        if generator.task in tasks and (generator.task != UPSCALE or _has_factor(generator, condition.scale)):
            yield generator


def spoiled_pairs(originals: Folder, conditions: Sequence[Condition], seed: int) -> Iterator[Pair]:
    """Every picture under every condition; one too small to measure is put down as skipped."""
    for number, (name, original) in enumerate(originals.pictures()):
        for condition in conditions:
            wanted = condition.cropped(original)
            if measurable(wanted, max(condition.scale, condition.border)):
                spoiled, *others = condition.spoil_all(wanted, seed + number)
                yield Pair(condition, spoiled, wanted, tuple(others))
            else:
                originals.skipped[name] = f"too small to measure at {condition.name}"


def job_of(model: Generator, pair: Pair) -> Job:
    """The spoiled picture as an upload, with those of the told settings that the model has."""
    known = {parameter.name for parameter in model.parameters}
    told: Mapping[str, Value] = {name: value for name, value in pair.condition.told.items() if name in known}
    others = tuple(as_media(each) for each in pair.burst) if BURST in model.inputs else ()
    return Job(as_media(pair.spoiled), parameters.complete(model.parameters, told), burst=others)


def _corner(pair: Pair) -> Pair:
    corner = slice(_WINDOW), slice(_WINDOW)
    # Parts of moved pictures might not lie on each other: what is set up on first use does not depend on that.
    return replace(pair, spoiled=pair.spoiled[corner], burst=tuple(pair.spoiled[corner] for _ in pair.burst))


def run(model: Generator, job: Job) -> Picture:
    """What it makes of one job, as a request runs it."""
    (output,) = model.generate([job], lambda _: None, lambda: False)
    return output.frame.pixels


def _enter(tallies: dict[tuple[str, str], Tally], model: str, pair: Pair, made: Picture, cost: Cost | None) -> None:
    condition = pair.condition
    if made.shape != pair.wanted.shape:  # a small picture that nobody enlarged
        return
    tally = tallies.setdefault((condition.name, model), Tally(condition.task))
    tally.scores.append(score(made, pair.wanted, condition.border))
    tally.pixels += made.shape[0] * made.shape[1]
    if cost is not None:
        tally.costs.append(cost)


def _row(condition: str, model: str, tally: Tally) -> Row:
    mean = mean_score(tally.scores)
    peaks = [cost.megabytes for cost in tally.costs if cost.megabytes is not None]
    seconds = sum(cost.seconds for cost in tally.costs) / (tally.pixels / 1e6) if tally.costs else None
    return Row(
        model,
        condition,
        tally.task,
        len(tally.scores),
        mean.psnr_y,
        mean.ssim_y,
        seconds,
        max(peaks) if peaks else None,
    )


def _has_factor(generator: Generator, scale: int) -> bool:
    return any(scale in parameter.choices for parameter in generator.parameters if parameter.name == "scale")


def measurable(picture: Picture, border: int) -> bool:
    """Whether the window of SSIM fits into what the border leaves."""
    return bool(min(picture.shape[:2]) >= _WINDOW + 2 * border)

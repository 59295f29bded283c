"""An evaluation as pictures: ROC, reliability, risk over coverage, robustness. Knows figures only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PreconditionFailed
from training.evaluation import drawing
from training.evaluation.detecting.evaluation import Evaluation, Part
from training.evaluation.detecting.figures import Figures

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def prepare(folder: Path) -> None:
    """Makes the folder, before a long measurement. Raises PreconditionFailed where it, or a drawing, cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PreconditionFailed(f"the folder {folder} cannot be made: {error.strerror}") from error
    drawing.check(folder / "one.png")


def draw(evaluations: Sequence[Evaluation], folder: Path) -> list[Path]:
    """Writes one PNG a detector into the folder, which is made, and returns their paths.

    Raises PreconditionFailed where matplotlib is not installed, or a picture cannot be written.
    """
    prepare(folder)
    made = []
    for each in evaluations:
        figure = drawing.blank(12, 10)
        figure.suptitle(f"{each.detector}: {each.label} against real")
        (first, second), (third, fourth) = figure.subplots(2, 2)
        _roc(first, each)
        _reliability(second, each.whole.figures)
        _coverage(third, each.whole)
        _robustness(fourth, each)
        path = folder / f"{each.detector}.png"
        drawing.save(figure, path)
        made.append(path)
    return made


def _judges(name: str, part: Part) -> list[tuple[str, Figures]]:
    return [(name, part.figures), *part.baselines.items()]


def _roc(axes: Axes, evaluation: Evaluation) -> None:
    axes.set(title="ROC", xlabel="false-positive rate", ylabel="true-positive rate", xlim=(0, 1), ylim=(0, 1))
    for name, figures in _judges(evaluation.detector, evaluation.whole):
        false, true = zip(*figures.roc, strict=True)
        axes.plot(false, true, label=f"{name}, {figures.auc.value:.2f}")
    axes.plot((0, 1), (0, 1), linestyle=":", color="grey", label="chance, 0.50")
    axes.legend(loc="lower right")


def _reliability(axes: Axes, figures: Figures) -> None:
    axes.set(title="reliability, at equal odds", xlabel="probability", ylabel="share that is", xlim=(0, 1), ylim=(0, 1))
    axes.plot((0, 1), (0, 1), linestyle=":", color="grey")
    if figures.sound is None:
        axes.text(0.5, 0.5, "no calibration", ha="center")
        return
    bins = figures.sound.bins
    axes.scatter([each.said for each in bins], [each.true for each in bins], s=[600 * each.mass for each in bins])


def _coverage(axes: Axes, part: Part) -> None:
    axes.set(
        title="risk over coverage", xlabel="share of files", ylabel="share judged wrongly", xlim=(0, 1), ylim=(0, 1)
    )
    for name, figures in _judges("detector", part):
        if figures.sound is not None:
            curve = figures.sound.curve
            axes.step([each.coverage for each in curve], [each.risk for each in curve], where="pre", label=name)
    axes.axhline(0.5, linestyle=":", color="grey")
    axes.legend()


def _robustness(axes: Axes, evaluation: Evaluation) -> None:
    axes.set(title="AUC after deliveries", ylim=(0, 1), ylabel="AUC")
    parts = {"as it is": evaluation.whole} | {name: step.part for name, step in evaluation.steps.items()}
    places = range(len(parts))
    found = [part.figures.auc for part in parts.values()]
    ends = [[each.value - each.low for each in found], [each.high - each.value for each in found]]
    axes.errorbar(places, [each.value for each in found], ends, fmt="o", capsize=3, label=evaluation.detector)
    for baseline in evaluation.whole.baselines:
        axes.plot(places, [part.baselines[baseline].auc.value for part in parts.values()], label=baseline)
    axes.axhline(0.5, linestyle=":", color="grey")
    axes.set_xticks(places, list(parts), rotation=90)
    axes.legend()

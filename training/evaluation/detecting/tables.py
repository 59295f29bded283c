"""An evaluation as tables, for a terminal and for a document. Knows figures, not how they came about."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from training.evaluation.detecting.evaluation import Located, Part, Step
from training.evaluation.detecting.figures import Figures
from training.evaluation.detecting.ranking import Interval
from training.evaluation.detecting.report import CHANCE, Report

FIGURES = (
    "n",
    "AUC",
    "balanced accuracy",
    "TPR at 1% FPR",
    "TPR at 5% FPR",
    "TPR",
    "FPR",
    "abstained",
    "ECE",
    "Cllr (least)",
    "AURC",
)


def marks(name: str) -> tuple[str, str]:
    """Between which lines of a document a command puts its tables: a page may show several sets."""
    return f"<!-- {name} table: begin -->", f"<!-- {name} table: end -->"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sheets(report: Report) -> Iterator[Sheet]:
    """Up to four tables a detector: all files, each generator, each delivery, and where masks are."""
    for each in report.evaluations:
        whole = each.whole
        rows = [(each.detector, *cells(whole.figures)), *((name, *cells(of)) for name, of in whole.baselines.items())]
        about = f"{each.detector}: {each.label} against real; {report.protocol}"
        yield Sheet(about, ("judged by", *FIGURES), (*rows, ("chance", *_chance())))
        beside = tuple(f"AUC, {name}" for name in whole.baselines)
        if each.generators:
            made = tuple((name, *_beside(part)) for name, part in each.generators.items())
            yield Sheet(f"{each.detector}: each generator against all real", ("generator", *FIGURES, *beside), made)
        if each.steps:
            after = tuple((name, *_step(step)) for name, step in each.steps.items())
            heads = ("delivery", "flipped", "any change", *FIGURES, *beside)
            yield Sheet(f"{each.detector}: after deliveries of all files", heads, after)
        if each.located:
            yield _where(each.detector, each.located)


def _where(detector: str, located: Located) -> Sheet:
    row = (str(located.f1.count), cell(located.f1), cell(located.iou), number(located.everything))
    heads = ("masks", "F1 of pixels", "IoU", "F1 of marking everything")
    return Sheet(f"{detector}: where it was changed", heads, (row,))


def _beside(part: Part) -> tuple[str, ...]:
    """The detector's figures, then the AUC of each baseline."""
    return (*cells(part.figures), *(number(each.auc.value) for each in part.baselines.values()))


def _step(step: Step) -> tuple[str, ...]:
    return (cell(step.flipped), cell(step.changed), *_beside(step.part))


def to_terminal(sheet: Sheet) -> Table:
    """For a terminal. Names in it come from the listing, and are shown as they are."""
    table = Table(*map(escape, sheet.headings), title=escape(sheet.title))
    for row in sheet.rows:
        table.add_row(*map(escape, row))
    return table


def to_markdown(report: Report, further: Iterable[Sheet] = ()) -> str:
    """For a document: every table under its title, and what the files were. further: tables behind them."""
    counts = ", ".join(f"{count} {label}" for label, count in report.counts.items() if count)
    lines = [f"{counts}; {len(report.left_out)} left out."]
    for sheet in (*sheets(report), *further):
        table = [sheet.headings, ("---",) * len(sheet.headings), *sheet.rows]
        lines += ["", f"**{sheet.title}**", "", *(f"| {' | '.join(map(_cell, line))} |" for line in table)]
    return "\n".join(lines)


def cells(figures: Figures) -> tuple[str, ...]:
    """Those of `FIGURES`, in words."""
    sound = figures.sound
    return (
        f"{figures.positives}+{figures.negatives}",
        cell(figures.auc),
        number(figures.balanced_accuracy),
        *map(cell, (figures.tpr_at_1, figures.tpr_at_5, figures.tpr, figures.fpr)),
        number(figures.abstained.value),
        number(sound.ece) if sound else "",
        f"{number(sound.cllr)} ({number(sound.cllr_min)})" if sound else "",
        number(sound.aurc) if sound else "",
    )


def _chance() -> Sequence[str]:
    told = {name: number(value) for name, value in CHANCE.items()}
    ranked = (told["auc"], told["balanced_accuracy"], told["tpr_at_1"], told["tpr_at_5"])
    return ("", *ranked, "", "", "", told["ece"], f"{told['cllr']} ({told['cllr_min']})", told["aurc"])


def cell(interval: Interval) -> str:
    """Such as "0.86 [0.80, 0.91]"; empty for a share of nothing."""
    if math.isnan(interval.value):
        return ""
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def number(value: float) -> str:
    """Two decimals; empty for what does not exist."""
    return "" if math.isnan(value) else f"{value:.2f}"


def _cell(text: str) -> str:
    """No character of a listing ends a cell of the document's table, or begins a tag."""
    return text.replace("|", "\\|").replace("<", "&lt;")

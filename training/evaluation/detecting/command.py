"""The family `detectors` of `python -m training.evaluate`: its options, and what they come to."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from core.errors import InvalidInput
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from detectors import catalog
from detectors.base import Detector
from detectors.hash_list import HashList
from training.evaluation.between import parts, write_between
from training.evaluation.detecting import plots, tables
from training.evaluation.detecting.deliveries import DELIVERIES, Delivery
from training.evaluation.detecting.evaluation import evaluate
from training.evaluation.detecting.listing import OPTION, Label, Row, not_read, read_listing
from training.evaluation.detecting.opening import Opener
from training.evaluation.detecting.passes import JPEG, Pass, passes, wanted
from training.evaluation.detecting.report import Report, to_json, told
from training.evaluation.detecting.tasks import TASKS, chosen
from training.evaluation.progress import shown

NAME = "detectors"
_WIDE = 240  # columns, where no terminal says how many it has


def add_family(families: Any) -> None:
    """Adds the family to the subparsers of a command line."""
    family: argparse.ArgumentParser = families.add_parser(NAME, help="detectors, beside what never looks at pictures")
    family.add_argument("--data", type=Path, required=True, help="table of pictures: file, label, generator, mask")
    family.add_argument("--detectors", nargs="+", default=[], metavar="NAME", help="only these")
    family.add_argument("--robustness", action="store_true", help="measure after every delivery, too")
    family.add_argument("--normalise", action="store_true", help="bring all pictures to one size and encoding first")
    family.add_argument("--plots", type=Path, metavar="DIR", help="draw one picture a detector into this folder")
    family.add_argument("--write", type=Path, help="put the tables between the marks in this document")
    family.add_argument("--table", default=NAME, metavar="NAME", help="which marks: <!-- NAME table: begin -->")
    family.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> None:
    """Measures, prints, draws and writes. Raises as the parts do, before the long part wherever that can be told."""
    ignored = not_read(arguments.data)
    if arguments.write:
        parts(arguments.write, tables.marks(arguments.table))
    if arguments.plots:
        plots.prepare(arguments.plots)
    if ignored:
        print(f"columns that are not read: {', '.join(ignored)}", file=sys.stderr)
    detectors = chosen(catalog.build(HashList(), tower=catalog.tower_of()), arguments.detectors)
    report = measured(arguments.data, detectors, robustness=arguments.robustness, normalise=arguments.normalise)
    for line in told(report):
        print(line, file=sys.stderr)
    if arguments.json:
        print(to_json(report))
    else:
        _show(report)
    if arguments.write:
        write_between(arguments.write, tables.marks(arguments.table), tables.to_markdown(report))
    if arguments.plots:
        for path in plots.draw(report.evaluations, arguments.plots):
            print(f"drawn: {path}", file=sys.stderr)


def measured(data: Path, detectors: Iterable[Detector], *, robustness: bool, normalise: bool) -> Report:
    """The detectors on the pictures that a table lists. Those for which it lists only one side are not run.

    Raises InvalidInput for a table that cannot be used, and where none of its pictures can be read or no detector is
    for what is listed.
    """
    rows = read_listing(data)
    sides = {row.label for row in rows}
    there, unmeasured = [], {}
    for each in detectors:
        if {Label.REAL, TASKS[each.name]} <= sides:
            there.append(each)
        else:
            unmeasured[each.name] = _needs(each.name)
    if not there:
        raise _one_sided(data, rows, unmeasured)
    opener, found = asyncio.run(_passes(rows, there, DELIVERIES if robustness else {}, normalise))
    evaluated = {each.name: evaluate(each, found) for each in there}
    unmeasured |= {name: _needs(name) for name, each in evaluated.items() if not each}
    report = Report(
        normalised=normalise,
        rows=tuple(each.row for each in found[0].seen),
        left_out=tuple(opener.left_out),
        evaluations=tuple(each for each in evaluated.values() if each),
        unmeasured=unmeasured,
    )
    if not report.evaluations:
        raise _empty(data, rows[0].line, report)
    return report


async def _passes(
    rows: Sequence[Row], detectors: Sequence[Detector], deliveries: Mapping[str, Delivery], normalise: bool
) -> tuple[Opener, tuple[Pass, ...]]:
    views = {JPEG}.union(*(each.views for each in detectors))
    async with await Sandbox.start({**PARSERS, **catalog.PARSERS}, workers=1) as sandbox:
        opener = Opener(sandbox, views, normalise)
        with shown(len(wanted(rows, detectors)), "files") as advance:
            return opener, await passes(rows, detectors, opener, deliveries, advance)


def _needs(name: str) -> str:
    return f"needs real pictures and pictures that are {TASKS[name]}"


def _one_sided(data: Path, rows: Sequence[Row], unmeasured: Mapping[str, str]) -> InvalidInput:
    """The table itself lacks what every figure sets against each other: nothing had to be opened to know it."""
    counts = Counter(row.label for row in rows)
    why = "; ".join(f"{name} {reason}" for name, reason in unmeasured.items())
    if not counts[Label.REAL]:
        why = "none is labelled real, and every figure sets pictures against real ones"
    elif len(counts) == 1:
        why = f"figures need pictures labelled {Label.AI} or {Label.MANIPULATED} beside them"
    listed = ", ".join(f"{count} {label}" for label, count in counts.items())
    return InvalidInput(
        f"{data.name} lists {listed}: {why}", field=OPTION, limit="pictures of both classes", found=listed
    )


def _empty(data: Path, line: int, report: Report) -> InvalidInput:
    """Nothing could be measured: the first reason, with its place in the table."""
    first = next(iter(report.left_out), None)
    if first is not None:
        place, why = first.line, f"{len(report.left_out)} files cannot be used, this one because it {first.reason}"
    else:
        place, why = line, "; ".join(f"{name} {reason}" for name, reason in report.unmeasured.items())
    return InvalidInput(
        f"{data.name}, line {place}, column 1: {why}", field=OPTION, limit="usable rows of both classes"
    )


def _show(report: Report) -> None:
    console = Console(width=None if sys.stdout.isatty() else _WIDE)
    for sheet in tables.sheets(report):
        console.print(tables.to_terminal(sheet))
    print(f"{len(report.rows)} files, {len(report.left_out)} left out")

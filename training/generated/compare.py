"""Measures `generated_image`, with the tower and without, on pictures that it has not seen, and writes the tables.

    python -m training.generated.compare training/recipes/detectors/generated.yaml --collection DIR --run DIR
        [--variants NAME …] [--deliveries NAME …] [--write docs/detectors.md] [--plots DIR] [--json]

The pictures are those of the collection and the photographs of the corpus, both splits; `unseen` says who judges them.
All are brought to one form, and judged again after each of the re-deliveries by which a server tries verdicts, or those
that are named. The figures of pictures are taken once into the run's folder, as `python -m training.generated` takes
them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from detectors.generated.detector import NAME, WITH_TOWER
from detectors.verdicts.redelivery import DELIVERIES
from training.evaluation.between import parts, write_between
from training.evaluation.detecting import abstaining, plots, tables
from training.evaluation.detecting.deliveries import AS_IS
from training.evaluation.detecting.evaluation import of_looks
from training.evaluation.detecting.listing import Label
from training.evaluation.detecting.passes import Pass
from training.evaluation.detecting.report import Report, to_json
from training.generated import unseen
from training.generated.__main__ import gather, learnable
from training.generated.arriving import arrivals
from training.generated.options import asked, parser_of

TABLE = "generated"


def measured(options: argparse.Namespace) -> tuple[Pass, ...]:
    """Looks of every variant at all pictures, as they are and after every delivery."""
    plan, tower = asked(options)
    learned = gather(plan, options.run, options.cache, options.collection, tower).where(learnable)
    steps = {
        step: arrivals(step, options.cache, options.collection, tower, options.run)
        for step in (AS_IS, *options.deliveries)
    }
    found = unseen.looks(learned, {step: figures for step, (figures, _) in steps.items()}, plan)
    return unseen.passes(steps, found)


def report(passes: Sequence[Pass], variants: Sequence[str] = (NAME, WITH_TOWER)) -> Report:
    """Of these variants, as far as there are looks of them."""
    names = [name for name in variants if name in passes[0].seen[0].looks]
    evaluated = (of_looks(name, "", Label.AI, passes) for name in names)
    rows = tuple(each.row for each in passes[0].seen)
    return Report(True, rows, (), tuple(each for each in evaluated if each), {})


def to_markdown(made: Report, passes: Sequence[Pass]) -> str:
    """All tables, those of abstentions last."""
    return tables.to_markdown(made, [abstaining.sheet(each.detector, passes) for each in made.evaluations])


def main() -> None:
    """Command line."""
    parser = parser_of("training.generated.compare", __doc__)
    parser.add_argument("--deliveries", nargs="*", default=list(DELIVERIES), choices=list(DELIVERIES), metavar="NAME")
    parser.add_argument("--variants", nargs="+", default=[NAME, WITH_TOWER], choices=[NAME, WITH_TOWER])
    parser.add_argument("--write", type=Path, help="put the tables between the marks in this document")
    parser.add_argument("--table", default=TABLE, metavar="NAME", help="which marks: <!-- NAME table: begin -->")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="draw one picture a variant into this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    if arguments.write:
        parts(arguments.write, tables.marks(arguments.table))  # before the long work, whose figures go there
    passes = measured(arguments)
    made = report(passes, arguments.variants)
    text = to_markdown(made, passes)
    print(to_json(made) if arguments.json else text)
    if arguments.write:
        write_between(arguments.write, tables.marks(arguments.table), text)
    if arguments.plots:
        plots.draw(made.evaluations, arguments.plots)


if __name__ == "__main__":
    main()

"""The command line of the log's benchmark.

python -m tests.bench.audit [--seconds 4] [--stores sqlite postgresql] [--sizes 10000 100000] [--full] [--figure FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tests.bench.audit.figure import draw
from tests.bench.audit.growth import Costs, grow
from tests.bench.audit.speed import Measured, measure
from tests.bench.audit.stores import places
from tests.bench.audit.tables import growth_table, notes, speed_table

STORES = ["sqlite", "postgresql"]
SIZES = [10_000, 100_000]
LARGEST = 1_000_000
FIGURE = Path(__file__).parents[3] / "docs" / "images" / "log.svg"


def main(argv: Sequence[str] | None = None) -> None:
    """Measure, print, plot."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.audit", description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of each load")
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="entries at which costs are measured")
    parser.add_argument("--full", action="store_true", help=f"also at {LARGEST:,} entries: takes many minutes")
    parser.add_argument("--figure", type=Path, default=FIGURE)
    arguments = parser.parse_args(argv)
    sizes = sorted({*arguments.sizes, *([LARGEST] if arguments.full else [])})
    run(Console(width=120), arguments.stores, arguments.seconds, sizes, arguments.figure)


def run(console: Console, stores: list[str], seconds: float, sizes: Sequence[int], figure: Path) -> None:
    """Everything for each of `stores`."""
    speeds: dict[str, list[Measured]] = {}
    growths: dict[str, list[Costs]] = {}
    with tempfile.TemporaryDirectory(prefix="cs-bench-") as folder, places(stores, Path(folder)) as chosen:
        keys = Path(folder)
        for place in chosen:
            with console.status(place.name) as status:
                speeds[place.name] = measure(place, keys, seconds, status.update)
                console.print(speed_table(place.name, speeds[place.name]))
                growths[place.name] = asyncio.run(grow(place, keys, sizes, status.update))
                console.print(growth_table(place.name, growths[place.name]))
    console.print(notes())
    draw(speeds, growths, figure)
    console.print(f"plotted in {figure}")

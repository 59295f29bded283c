"""The plot: rates beside the limits of each store, and what calls cost as the log grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.bench.audit.growth import Costs
from tests.bench.audit.speed import BARE_BATCH, Measured

_COLOURS = {"SQLite": "#1b7f79", "PostgreSQL": "#33608c"}
_GREYS = ("#d4d4d4", "#a8a8a8")


def draw(speeds: Mapping[str, Sequence[Measured]], growths: Mapping[str, Sequence[Costs]], path: Path) -> None:
    """Save the figure. speeds, growths: by the name of the store."""
    figure = Figure(figsize=(9.0, 3.8), layout="constrained")
    rates, costs = figure.subplots(1, 2, width_ratios=(1.25, 1.0))
    _rates(rates, speeds)
    _costs(costs, growths)
    for axes in (rates, costs):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _rates(axes: Axes, speeds: Mapping[str, Sequence[Measured]]) -> None:
    labels: list[str] = []
    for name, found in speeds.items():
        first = found[0]
        bars = [(f"bare, batch {BARE_BATCH}", first.bare, _GREYS[0]), ("same rows, bare loop", first.same, _GREYS[1])]
        bars += [(each.label, each.run.rate, _COLOURS[name]) for each in found]
        for label, value, colour in bars:
            axes.barh(len(labels), value, color=colour)
            axes.text(value, len(labels), f" {value:,.0f}", va="center", fontsize=8)
            labels.append(f"{name}: {label}" if label == bars[0][0] else label)
    axes.set_yticks(range(len(labels)), labels)
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_title("Durable decisions a second", loc="left", fontsize=10)


def _costs(axes: Axes, growths: Mapping[str, Sequence[Costs]]) -> None:
    for name, found in growths.items():
        sizes = [each.size for each in found]
        lines = [
            ("append", [each.append for each in found], "-o"),
            ("receipt", [each.receipt for each in found], "--s"),
            ("list, 50", [each.listing * 1000 for each in found], ":^"),
        ]
        for label, values, style in lines:
            axes.plot(sizes, values, style, color=_COLOURS[name], label=f"{name}: {label}", markersize=4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_title("Microseconds a call, by entries in the log", loc="left", fontsize=10)
    axes.legend(frameon=False, fontsize=7, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.16))

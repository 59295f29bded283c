"""The contest's rows as a table, as JSON, as a block of a document, and as a picture of quality against cost."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from training.evaluation import drawing
from training.evaluation.restoring.contest import Row

BEGIN, END = "<!-- restoration table: begin -->", "<!-- restoration table: end -->"
PROTOCOL = (
    "Y of BT.601; a border of as many pixels as the factor left out; bicubic reduction with antialiasing; "
    "Gaussian noise, clipped and rounded, its σ told to those that take one; JPEG 4:2:0; blur with noise of σ 1, "
    "its width told likewise, but for motion"
)
GIVEN = (
    "Y of BT.601; a border of as many pixels as the factor left out; pictures as others spoiled them, cut to what both "
    "sides have; the factor told, and a σ of noise only where --noise or a picture's name says one"
)
"""The protocol of what others spoiled."""
_COLUMNS = 4
"""Fields of the plot beside each other."""
HEADINGS = ("condition", "model", "pictures", "PSNR-Y (dB)", "SSIM-Y", "CPU s/MP", "peak MiB")


def to_json(rows: Sequence[Row], pictures: int, skipped: Mapping[str, str], protocol: str = PROTOCOL) -> str:
    """One object. A PSNR without bound, of pictures that are equal, is null."""
    found = {
        "protocol": protocol,
        "pictures": pictures,
        "skipped": [{"file": name, "reason": reason} for name, reason in skipped.items()],
        "models": [_finite(asdict(row)) for row in rows],
    }
    return json.dumps(found, indent=2, allow_nan=False)


def to_table(rows: Sequence[Row]) -> Table:
    """For a terminal."""
    table = Table(*HEADINGS)
    for row in rows:
        table.add_row(*cells(row))
    return table


def to_markdown(rows: Sequence[Row]) -> str:
    """For a document."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cells(row: Row) -> tuple[str, ...]:
    """A row in words."""
    seconds = "" if row.seconds_per_megapixel is None else f"{row.seconds_per_megapixel:.2f}"
    memory = "" if row.peak_megabytes is None else f"{row.peak_megabytes:.0f}"
    quality = (f"{row.psnr_y:.2f}", f"{row.ssim_y:.4f}")
    return (row.condition, row.model, str(row.pictures), *quality, seconds, memory)


def plot(rows: Sequence[Row], path: Path) -> None:
    """Quality against cost, one field for each condition, in the format that the ending names.

    Raises PreconditionFailed where matplotlib is not installed or the picture cannot be written.
    """
    names = list(dict.fromkeys(row.condition for row in rows))
    columns = min(len(names), _COLUMNS)
    lines = -(-len(names) // max(columns, 1))
    figure = drawing.blank(4 * columns, 3.5 * lines)
    for number, name in enumerate(names, start=1):
        axes = figure.add_subplot(lines, columns, number)
        axes.margins(0.25)  # room for the names
        axes.set(title=name, xlabel="CPU seconds a megapixel", ylabel="PSNR-Y (dB)", xscale="log")
        shown = {row.model: row for row in rows if row.condition == name and row.seconds_per_megapixel}
        seconds = [row.seconds_per_megapixel or 0.0 for row in shown.values()]
        for row, cost in zip(shown.values(), seconds, strict=True):
            axes.scatter(cost, row.psnr_y)
            # Towards the middle, where there is room.
            dear = cost > math.sqrt(min(seconds) * max(seconds))
            place, side = ((-6, 3), "right") if dear else ((6, 3), "left")
            axes.annotate(row.model, (cost, row.psnr_y), xytext=place, textcoords="offset points", ha=side)
        axes.minorticks_off()
        axes.set_xticks(sorted({round(cost, 2) for cost in (min(seconds), max(seconds))} if seconds else ()))
        axes.xaxis.set_major_formatter("{x:g}")
    drawing.save(figure, path)


def _finite(row: dict[str, object]) -> dict[str, object]:
    return {key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in row.items()}

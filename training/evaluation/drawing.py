"""What measurements need to be drawn. Knows matplotlib's name, and no figures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import PreconditionFailed

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def blank(width: float, height: float) -> Figure:
    """An empty figure, inches. Raises PreconditionFailed where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise PreconditionFailed("plots need matplotlib: pip install matplotlib, or the extra 'test'") from error
    return Figure(figsize=(width, height), layout="constrained")


def check(path: Path) -> None:
    """Whether a figure can be written there, asked before a long measurement. Raises PreconditionFailed."""
    known = blank(1, 1).canvas.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in known:
        raise PreconditionFailed(f"{path.name} is no kind of picture that can be drawn: {', '.join(sorted(known))}")
    if not path.parent.is_dir():
        raise PreconditionFailed(f"{path.name} cannot be written: there is no folder {path.parent}")


def save(figure: Figure, path: Path) -> None:
    """Writes a figure in the format that the ending names. Raises PreconditionFailed where that fails."""
    try:
        figure.savefig(path)
    except (OSError, ValueError) as error:
        raise PreconditionFailed(f"{path.name} cannot be written: {error}") from error

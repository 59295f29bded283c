"""Figures that a command writes into a document, between two marks. Knows text, and no figures."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigurationError


def write_between(path: Path, marks: tuple[str, str], text: str) -> None:
    """Puts `text` on lines of its own between the marks. Raises ConfigurationError where not each stands there once."""
    opening, closing = marks
    try:
        before, rest = path.read_text(encoding="utf-8").split(opening)
        _, after = rest.split(closing)
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{path.name} needs one {opening} and one {closing}") from error
    path.write_text(f"{before}{opening}\n\n{text.strip()}\n\n{closing}{after}", encoding="utf-8")

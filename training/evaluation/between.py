"""Figures that a command writes into a document, between two marks. Knows text, and no figures."""

from __future__ import annotations

from pathlib import Path

from core.errors import ConfigurationError


def write_between(path: Path, marks: tuple[str, str], text: str) -> None:
    """Puts `text` on lines of its own between the marks. Raises ConfigurationError as `parts` does."""
    opening, closing = marks
    before, after = parts(path, marks)
    path.write_text(f"{before}{opening}\n\n{text.strip()}\n\n{closing}{after}", encoding="utf-8")


def parts(path: Path, marks: tuple[str, str]) -> tuple[str, str]:
    """What stands before and behind the marks. Raises ConfigurationError where not each stands there once: to be asked
    before a long measurement, whose figures would have no place.
    """
    opening, closing = marks
    try:
        before, rest = path.read_text(encoding="utf-8").split(opening)
        _, after = rest.split(closing)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(
            f"{path.name} needs one line {opening} and one line {closing} below it: the table goes between them"
        ) from error
    return before, after

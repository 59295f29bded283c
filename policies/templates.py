"""Texts for people with values in them: "{copy_move.score}" names a signal, "{{" and "}}" are braces.

Deliberately not `str.format`: a text names signals and nothing else, no attributes, no formats.
This module knows texts and values. It does not know rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.reading import Value

MISSING = "missing"
"""What stands where a signal has no value."""

WITHHELD = "withheld"
"""What stands in place of the requester's own words: operands and texts go into permanent records."""

_LONGEST = 200
_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A signal named in a text. offset: of its opening brace, in code points."""

    name: str
    offset: int


def placeholders(text: str) -> Iterator[Placeholder]:
    """The signals that a text names, in order. A brace that stands alone is a placeholder without a name."""
    for match in _PIECE.finditer(text):
        if match[0] not in ("{{", "}}"):
            yield Placeholder((match[1] or "").strip(), match.start())


def fill(text: str, operands: Mapping[str, str]) -> str:
    """The text with its placeholders replaced. `operands` holds every one of them."""

    def piece(match: re.Match[str]) -> str:
        return match[0][0] if match[0] in ("{{", "}}") else operands[match[1].strip()]

    return _PIECE.sub(piece, text)


def shown(value: Value | tuple[str, ...] | None) -> str:
    """A value for people, at most 200 characters: numbers with up to four significant digits, lists by commas."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.4g}"
    text = ", ".join(value) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

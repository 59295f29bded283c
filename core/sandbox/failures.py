"""Typed errors as JSON, for the way out of a worker. Knows an allow-list of classes and nothing of what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import CorruptMedia, InvalidInput, LimitExceeded, ParserFailed, UnsupportedMedia

_INVALID: Mapping[str, type[InvalidInput]] = {
    kind.__name__: kind for kind in (InvalidInput, UnsupportedMedia, CorruptMedia, ParserFailed)
}
_MAX_TEXT = 2000


def describe(error: InvalidInput | LimitExceeded) -> dict[str, str]:
    """The error as JSON."""
    return {
        "type": type(error).__name__,
        "message": error.message,
        "field": error.field,
        "limit": error.limit,
        "found": error.found,
    }


def revive(described: Any) -> InvalidInput | LimitExceeded:
    """The error again; one that a worker made up becomes ParserFailed."""
    if not isinstance(described, dict):
        described = {}
    kind = str(described.get("type"))
    message, field, limit, found = (
        str(described.get(key, ""))[:_MAX_TEXT] for key in ("message", "field", "limit", "found")
    )
    if kind == LimitExceeded.__name__:
        return LimitExceeded(message, field=field, limit=limit, found=found)
    return _INVALID.get(kind, ParserFailed)(message or "the parser failed", field=field, limit=limit, found=found)

"""Reading JSON of strangers: what is not of the expected kind reads as absent.

A leaf may hold anything that the log's owner put there; telling of it MUST NOT fail half-way.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def at(value: Any, *path: str) -> Any:
    """The value below `path`, None where there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text(value: Any, *path: str) -> str:
    """The string below `path`, "" where there is none."""
    found = at(value, *path)
    return found if isinstance(found, str) else ""


def number(value: Any, *path: str) -> float | None:
    """The number below `path`, None where there is none. A bool is none."""
    found = at(value, *path)
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def whole(value: Any, *path: str) -> int | None:
    """The integer below `path`, None where there is none."""
    found = at(value, *path)
    return found if type(found) is int else None


def table(value: Any, *path: str) -> Mapping[str, Any]:
    """The object below `path`, an empty one where there is none."""
    found = at(value, *path)
    return found if isinstance(found, Mapping) else {}


def tables(value: Any, *path: str) -> list[Mapping[str, Any]]:
    """The objects in the array below `path`."""
    found = at(value, *path)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list) else []


def texts(value: Any, *path: str) -> list[str]:
    """The strings in the array below `path`."""
    found = at(value, *path)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []

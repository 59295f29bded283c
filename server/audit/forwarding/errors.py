"""The error tree as plain values: an error that one process raised, raised again in another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.errors import CountersignError, InvalidInput, LimitExceeded, Unavailable

_FIELDS = ("field", "limit", "found")


def write_error(error: CountersignError) -> dict[str, Any]:
    """An error by its name; one that `core.errors` does not name, by its nearest base."""
    name = next(kind.__name__ for kind in type(error).__mro__ if kind in _TREE.values())
    written: dict[str, Any] = {"error": name, "message": str(error)}
    if isinstance(error, InvalidInput | LimitExceeded):
        written |= {each: getattr(error, each) for each in _FIELDS}
    if isinstance(error, Unavailable):
        written["retry_after"] = error.retry_after
    return written


def read_error(value: Mapping[str, Any]) -> CountersignError:
    """The inverse of `write_error`; KeyError for a name that is not in the tree."""
    kind, message = _TREE[value["error"]], value["message"]
    if issubclass(kind, InvalidInput | LimitExceeded):
        return kind(message, **{each: value[each] for each in _FIELDS})
    if issubclass(kind, Unavailable):
        return kind(message, retry_after=value["retry_after"])
    return kind(message)


def _below(kind: type[CountersignError]) -> Iterator[type[CountersignError]]:
    yield kind
    for each in kind.__subclasses__():
        if each.__module__ == CountersignError.__module__:
            yield from _below(each)


_TREE: Mapping[str, type[CountersignError]] = {kind.__name__: kind for kind in _below(CountersignError)}

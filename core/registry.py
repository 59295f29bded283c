"""Named things, added explicitly by whoever composes the server. Knows nothing about what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from core.errors import ConfigurationError, NotFound

T = TypeVar("T")


class Registry(Generic[T]):
    """Things of one kind by unique name, in the order in which they were added.

    kind: what they are, in the singular, for messages ("detector").
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._items: dict[str, T] = {}

    def add(self, name: str, item: T) -> None:
        """Adds `item`. Raises ConfigurationError, and changes nothing, for an empty or taken name."""
        if not name:
            raise ConfigurationError(f"a {self._kind} needs a name")
        if name in self._items:
            raise ConfigurationError(f"two {self._kind}s are named {name!r}")
        self._items[name] = item

    def get(self, name: str) -> T:
        """The thing of that name. Raises NotFound, listing what exists."""
        try:
            return self._items[name]
        except KeyError:
            known = ", ".join(self._items) or "none"
            raise NotFound(f"no {self._kind} is named {name!r}; there are: {known}") from None

    def names(self) -> tuple[str, ...]:
        """All names, in order of addition."""
        return tuple(self._items)

    def __iter__(self) -> Iterator[T]:
        return iter(tuple(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

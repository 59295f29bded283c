"""Registries are explicit, refuse duplicates, and a failed addition changes nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigurationError, NotFound
from core.registry import Registry


@given(st.lists(st.sampled_from(["", "a", "b", "c", "d"]), max_size=12))
def test_a_registry_is_a_map_in_order_of_addition(names: list[str]) -> None:
    registry: Registry[int] = Registry("detector")
    model: dict[str, int] = {}
    for number, name in enumerate(names):
        if not name or name in model:
            with pytest.raises(ConfigurationError, match="detector"):
                registry.add(name, number)
        else:
            registry.add(name, number)
            model[name] = number
        assert list(registry) == list(model.values())
        assert registry.names() == tuple(model)
        assert len(registry) == len(model)
    for name in ("a", "b", "c", "d"):
        assert (name in registry) == (name in model)
        if name in model:
            assert registry.get(name) == model[name]


def test_what_is_missing_is_told_with_what_exists() -> None:
    registry: Registry[int] = Registry("detector")
    with pytest.raises(NotFound, match="no detector is named 'x'; there are: none"):
        registry.get("x")
    registry.add("metadata", 1)
    registry.add("copy_move", 2)
    with pytest.raises(NotFound, match="there are: metadata, copy_move"):
        registry.get("x")


def test_adding_while_iterating() -> None:
    registry: Registry[int] = Registry("number")
    registry.add("a", 1)
    for item in registry:
        registry.add(f"{item} again", item + 1)
    assert list(registry) == [1, 2]

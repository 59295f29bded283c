from __future__ import annotations

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from countersign.verify.merkle import EMPTY_ROOT, leaf_hash, node_hash, verify_consistency, verify_inclusion
from server.audit.tree.merkle import (
    WIDTH,
    Edge,
    TileKey,
    consistency_proof,
    inclusion_proof,
    levels,
    proof_tiles,
    root_at,
    width_of,
)
from tests.verify import naive

# Two full levels and a ragged end: what only a large tree has.
LARGE = WIDTH * WIDTH + 3 * WIDTH + 5


def entries(size: int) -> list[bytes]:
    return [b"entry %d" % n for n in range(size)]


def build(size: int, batch: int = 1000) -> tuple[Edge, dict[TileKey, bytes]]:
    edge, tiles = Edge(), {}
    hashes = [leaf_hash(entry) for entry in entries(size)]
    for start in range(0, size, batch):
        edge, changed = edge.grow(hashes[start : start + batch])
        tiles.update(changed)
    return edge, tiles


class Stored(dict[TileKey, bytes]):
    """Tiles that do not fill the screen when a test names its arguments."""

    def __repr__(self) -> str:
        return f"<{len(self)} tiles>"


@pytest.fixture(scope="module")
def large() -> Stored:
    return Stored(build(LARGE)[1])


@functools.cache
def large_root(low: int, high: int) -> bytes:
    """MTH of a range of the large tree, by definition; its parts are remembered."""
    if high - low == 1:
        return leaf_hash(b"entry %d" % low)
    middle = low + naive.split(high - low)
    return node_hash(large_root(low, middle), large_root(middle, high))


def test_an_empty_tree_has_the_empty_root() -> None:
    assert Edge().root() == EMPTY_ROOT
    assert root_at(build(0)[1].__getitem__, 0) == EMPTY_ROOT
    assert Edge().grow([]) == (Edge(), {})


def test_roots_and_proofs_of_every_size_up_to_70() -> None:
    tiles = build(70)[1]
    for size in range(1, 71):
        some = entries(size)
        root = naive.tree_hash(some)
        assert root_at(tiles.__getitem__, size) == root == build(size)[0].root()
        for index in range(size):
            assert inclusion_proof(tiles.__getitem__, index, size) == naive.path(index, some)
        for first in range(1, size + 1):
            assert consistency_proof(tiles.__getitem__, first, size) == naive.proof(first, some)


@given(st.lists(st.integers(1, 700), max_size=8))
def test_batches_of_any_size_grow_the_same_tree(batches: list[int]) -> None:
    edge, tiles = Edge(), {}
    hashes = [leaf_hash(entry) for entry in entries(sum(batches))]
    for count in batches:
        edge, changed = edge.grow(hashes[edge.size : edge.size + count])
        tiles.update(changed)
    whole, expected = build(sum(batches), batch=10_000)
    assert (edge, tiles) == (whole, expected)
    assert Edge.load(edge.size, tiles.__getitem__) == edge


@given(st.integers(0, 3 * WIDTH))
def test_tiles_have_the_widths_of_the_specification(size: int) -> None:
    tiles = build(size)[1]
    for (level, number), hashes in tiles.items():
        assert len(hashes) == 32 * width_of((level, number), size) > 0
        assert level < levels(size)


def test_the_example_of_the_specification() -> None:
    size = 70_000
    assert [width_of((0, number), size) for number in (272, 273, 274)] == [256, 112, 0]
    assert [width_of((1, number), size) for number in (0, 1, 2)] == [256, 17, 0]
    assert [width_of((2, number), size) for number in (0, 1)] == [1, 0]
    assert Edge.keys(size) == [(0, 273), (1, 1), (2, 0)]
    assert width_of((1, 0), 256) == 1


near_powers = st.sampled_from([255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 65791, 65792, 65793, LARGE])
sizes = st.integers(1, LARGE) | near_powers


@given(sizes, st.integers(0, LARGE))
def test_proofs_of_large_trees_verify(large: Stored, size: int, number: int) -> None:
    index = number % size
    # Exactly the tiles that the proof names are there.
    named = {key: large[key] for key in proof_tiles(index, size)}
    path = inclusion_proof(named.__getitem__, index, size)
    verify_inclusion(leaf_hash(b"entry %d" % index), index, size, path, large_root(0, size))


@given(sizes, st.integers(0, LARGE))
def test_large_trees_are_consistent(large: Stored, second: int, number: int) -> None:
    first = number % (second + 1)
    path = consistency_proof(large.__getitem__, first, second)
    old = large_root(0, first) if first else EMPTY_ROOT
    verify_consistency(first, second, old, large_root(0, second), path)

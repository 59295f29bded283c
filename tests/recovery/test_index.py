"""The index of codes finds all that a look at every code would find, however it grew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from server.recovery import segment as segments
from server.recovery.index import TAIL, CodeIndex, as_items
from server.recovery.segment import RADIUS, Codes, distances_to, words_of


def flipped(code: Codes, count: int, seed: int) -> Codes:
    """`count` of the 256 bits turned."""
    bits = np.unpackbits(code.astype(">u8").view(np.uint8))
    bits[default_rng(seed).choice(256, count, replace=False)] ^= 1
    turned: Codes = words_of([np.packbits(bits).tobytes()])[0]
    return turned


def random_codes(count: int, seed: int = 0) -> Codes:
    return default_rng(seed).integers(0, 2**64, (count, 4), dtype=np.uint64)


@pytest.fixture(scope="module")
def grown() -> tuple[Codes, CodeIndex]:
    """Codes in pages of odd sizes, so that there are several segments and a tail."""
    codes, index, start = random_codes(5 * TAIL), CodeIndex(), 0
    for size in (5, 3 * TAIL, 700, TAIL, 3000):
        index = index.with_codes(codes[start : start + size], as_items(range(start, start + size)))
        start += size
    assert len(index) == start
    assert len(index.segments) > 1
    assert len(index.tail_items) > 0
    return codes[:start], index


@given(st.integers(0, 2**32), st.integers(0, RADIUS))
def test_whatever_differs_in_at_most_31_bits_is_found(grown: tuple[Codes, CodeIndex], seed: int, count: int) -> None:
    codes, index = grown
    item = seed % len(codes)
    (nearest,) = index.near(flipped(codes[item], count, seed), 8)
    assert (nearest.item, nearest.distance) == (item, count)


@pytest.mark.parametrize("count", [RADIUS + 1, 60, 128])
def test_nothing_farther_is_found(grown: tuple[Codes, CodeIndex], count: int) -> None:
    codes, index = grown
    assert [index.near(flipped(codes[item], count, item), 8) for item in range(0, len(codes), 5000)] == [[]] * (
        -(-len(codes) // 5000)
    )


def test_a_look_at_every_code_finds_the_same() -> None:
    centre = random_codes(1)[0]
    some = np.stack([flipped(centre, 3 + number % 60, number) for number in range(1200)])
    codes = np.tile(some, (TAIL // len(some) + 1, 1))
    index = CodeIndex().with_codes(codes, as_items(range(len(codes))))
    everything = len(codes)
    found = {near.item: near.distance for near in index.near(centre, everything)}
    distances = distances_to(codes, centre)
    wanted = np.flatnonzero(distances <= RADIUS)
    # One value of a piece is looked at 256 times at most: there are more alike here, and the newest of them are found.
    assert found.items() <= {int(item): int(distances[item]) for item in wanted}.items()
    assert max(wanted) in found
    assert min(found.values()) == 3


def test_of_equals_the_newest_come_first_and_few() -> None:
    codes = np.repeat(random_codes(1), 40, axis=0)
    index = CodeIndex().with_codes(codes, as_items(range(40)))
    assert [near.item for near in index.near(codes[0], 3)] == [39, 38, 37]


def test_one_picture_signed_over_and_over_does_not_make_look_ups_slow() -> None:
    codes = np.repeat(random_codes(1), TAIL, axis=0)
    index = CodeIndex().with_codes(codes, as_items(range(TAIL)))
    most = segments.PIECES * 17 * segments.MOST_ALIKE
    assert len(index.segments[0]._candidates(codes[0])) <= most
    assert len(index.near(codes[0], 8)) == 8


def test_what_was_there_is_not_changed_by_what_is_added() -> None:
    first = CodeIndex().with_codes(random_codes(10), as_items(range(10)))
    second = first.with_codes(random_codes(TAIL, 1), as_items(range(10, 10 + TAIL)))
    assert (len(first), len(second)) == (10, 10 + TAIL)
    assert [near.item for near in first.near(random_codes(1)[0], 8)] == [0]
    assert [near.item for near in second.near(random_codes(1)[0], 8)] == [0]
    assert second.nbytes > first.nbytes > 0
    assert CodeIndex().near(random_codes(1)[0], 8) == []

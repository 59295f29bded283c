"""Tables find what reading every row finds, and no piece of a layout is forgotten."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.hashes.tables import MOST, RADIUS, Scan, Tables, layout, near_of
from detectors.pdq import BITS
from tests.detectors.hashes.making import random_hashes, words

SIZES = [1, 300, 10_000, 1_000_000, 10_000_000, MOST]


@pytest.mark.parametrize("count", SIZES)
def test_a_layout_covers_every_bit_once_and_the_radius(count: int) -> None:
    pieces = layout(count)
    assert pieces[0].start == 0
    assert all(piece.start + piece.width == after.start for piece, after in pairwise(pieces))
    assert pieces[-1].start + pieces[-1].width == BITS
    # With fewer, RADIUS differing bits could be spread so that every piece differs in one more than its threshold.
    assert sum(piece.threshold + 1 for piece in pieces) > RADIUS


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**256 - 1),
    st.lists(st.lists(st.integers(0, 255), max_size=36, unique=True), min_size=1, max_size=12),
    st.integers(0, 40),
)
def test_tables_find_what_a_scan_finds(query: int, flips: list[list[int]], distance: int) -> None:
    rows = words([query ^ sum(1 << bit for bit in bits) for bits in flips])
    (asked,) = words([query])
    found, far = Tables(rows).near(asked, distance)
    wanted, wanted_far = Scan(rows).near(asked, distance)
    assert found.tolist() == wanted.tolist()
    assert far.tolist() == wanted_far.tolist()


def test_bits_spread_as_evenly_as_they_can_be_are_found_too() -> None:
    values = random_hashes(1, 20_000)
    tables = Tables(words(values))
    rng = np.random.default_rng(2)
    for row in range(0, 20_000, 1000):
        spread = (np.arange(RADIUS) * BITS // RADIUS + rng.integers(8)).tolist()
        (asked,) = words([values[row] ^ sum(1 << bit for bit in spread)])
        found, far = tables.near(asked, RADIUS)
        assert (found.tolist(), far.tolist()) == ([row], [RADIUS])


def test_equal_codes_are_each_found_once() -> None:
    rows = words([5] * 9000)
    near = near_of(rows)
    assert isinstance(near, Tables)
    assert near.near(rows[0], 0)[0].tolist() == list(range(9000))
    assert isinstance(near_of(rows[:100]), Scan)


def test_tables_take_less_than_a_hundred_bytes_a_code() -> None:
    rows = words(random_hashes(3, 50_000))
    assert Tables(rows).nbytes < 150 * len(rows)

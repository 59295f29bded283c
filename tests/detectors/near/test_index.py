"""The index finds what the bare loop finds, in parts what is nearest, and says what it needs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import ConfigurationError
from core.media import Pixels
from detectors.near import index
from detectors.near.index import FaissIndex
from detectors.near.keypoints import Floats

BYTES = 128  # more than are looked at first


def codes(count: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (count, BYTES), dtype=np.uint8)


def asked(count: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(size=(count, 8 * BYTES)).astype(np.float32)


def signs(rows: Pixels) -> Floats:
    return np.unpackbits(rows, axis=-1).astype(np.float32) * 2 - 1


def test_of_a_short_list_those_come_that_the_numbers_are_most_like() -> None:
    rows, numbers = codes(100), asked(5)
    far, found = FaissIndex(rows).nearest(numbers, 4)
    likeness = numbers @ signs(rows).T
    assert np.array_equal(np.sort(-likeness, axis=1)[:, :4], -np.take_along_axis(likeness, found, axis=1))
    differing = np.bitwise_count(np.packbits(numbers > 0, axis=1)[:, None] ^ rows[found]).sum(axis=2, dtype=np.int32)
    assert np.array_equal(far, differing)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 999), count=st.integers(129, 400), row=st.integers(0, 128))
def test_what_is_listed_is_first_in_a_list_of_any_length(seed: int, count: int, row: int) -> None:
    rows = codes(count, seed)
    strengths = np.abs(asked(1, seed + 1)) + np.float32(1e-3)
    for numbers in (signs(rows[row : row + 1]), strengths * signs(rows[row : row + 1])):
        far, found = FaissIndex(rows, worth=128).nearest(numbers, 3)
        assert (found[0, 0], far[0, 0]) == (row, 0)


def test_a_copy_that_differs_in_a_third_of_its_bits_is_found_among_strangers() -> None:
    rows, rng = codes(20_000), np.random.default_rng(2)
    for row in range(0, 20_000, 4_000):
        changed = np.where(rng.random(8 * BYTES) < 1 / 3, -1, 1) * signs(rows[row])
        numbers = (changed * np.abs(rng.normal(size=8 * BYTES))).astype(np.float32)[None]
        assert FaissIndex(rows, worth=256).nearest(numbers, 16)[1][0, 0] == row


def test_of_equal_codes_the_first_rows_come() -> None:
    rows = np.repeat(codes(40), 20, axis=0)
    for worth in (256, 1000):
        _, found = FaissIndex(rows, worth).nearest(signs(rows[405:406]), 16)
        assert found[0].tolist() == list(range(400, 416))


def test_a_short_list_gives_what_it_has() -> None:
    _, found = FaissIndex(codes(2)).nearest(asked(1), 4)
    assert sorted(found[0].tolist()) == [-1, -1, 0, 1]


def test_each_that_is_asked_together_gets_what_it_gets_alone() -> None:
    made, numbers = FaissIndex(codes(3_000), worth=128), asked(2)
    alone = np.concatenate([made.nearest(each[None], 16)[1] for each in numbers])
    assert np.array_equal(made.nearest(numbers, 16)[1], alone)


def test_without_faiss_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'countersign\[near\]'"):
        FaissIndex(codes(2))


@pytest.mark.parametrize("worth", [1, 128])
def test_a_lookup_takes_one_thread_whichever_thread_asks(worth: int) -> None:
    """OpenMP's setting is the calling thread's own."""
    faiss = pytest.importorskip("faiss")
    made = FaissIndex(codes(100), worth)

    def look() -> int:
        faiss.omp_set_num_threads(3)
        made.nearest(asked(1), 1)
        return int(faiss.omp_get_max_threads())

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(look).result() == 1

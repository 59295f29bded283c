"""The index finds what the bare loop finds, and says what it needs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.errors import ConfigurationError
from core.media import Pixels
from detectors.near import index
from detectors.near.index import FaissIndex


def codes(count: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (count, 16), dtype=np.uint8)


def test_what_is_nearest_is_what_the_bare_loop_finds() -> None:
    rows, asked = codes(500), codes(5, seed=1)
    far, found = FaissIndex(rows).nearest(asked, 4)
    wanted = np.bitwise_count(asked[:, None] ^ rows[None]).sum(axis=2, dtype=int)
    assert np.array_equal(far, np.sort(wanted, axis=1)[:, :4])
    assert np.array_equal(np.take_along_axis(wanted, found, axis=1), far)


def test_a_short_list_gives_what_it_has() -> None:
    _, found = FaissIndex(codes(2)).nearest(codes(1, seed=1), 4)
    assert sorted(found[0].tolist()) == [-1, -1, 0, 1]


def test_without_faiss_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "find_spec", lambda _: None)
    with pytest.raises(ConfigurationError, match=r"pip install 'countersign\[near\]'"):
        FaissIndex(codes(2))


def test_a_lookup_takes_one_thread_whichever_thread_asks() -> None:
    """OpenMP's setting is the calling thread's own."""
    faiss = pytest.importorskip("faiss")
    made = FaissIndex(codes(2))

    def asked() -> int:
        faiss.omp_set_num_threads(3)
        made.nearest(codes(1), 1)
        return int(faiss.omp_get_max_threads())

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(asked).result() == 1

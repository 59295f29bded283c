"""What is made at its first use is made once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core.later import Later


def test_many_threads_get_one_and_nothing_is_made_before() -> None:
    made: list[object] = []
    gate = Barrier(8)

    def make() -> object:
        made.append(object())
        return made[-1]

    later = Later(make)
    assert made == []

    def ask(_: int) -> object:
        gate.wait()
        return later()

    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(ask, range(8)))
    assert len(made) == 1
    assert all(each is made[0] for each in got)


def test_what_failed_is_tried_again() -> None:
    outcomes = iter([OSError("busy"), None])

    def make() -> str:
        if error := next(outcomes):
            raise error
        return "made"

    later = Later(make)
    with pytest.raises(OSError, match="busy"):
        later()
    assert later() == "made"

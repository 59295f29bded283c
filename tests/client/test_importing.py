"""The garbage collector leaves imports alone, and does its work afterwards whatever became of them."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from countersign.cli.importing import importing


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_what_is_made_meanwhile_is_never_looked_through() -> None:
    gc.unfreeze()
    with importing():
        assert not gc.isenabled()
        kept: list[list[int]] = [[] for _ in range(5)]
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0
    assert not any(each is one for one in gc.get_objects() for each in kept)


def test_a_failed_import_leaves_it_on() -> None:
    with pytest.raises(ImportError), importing():
        raise ImportError
    assert gc.isenabled()

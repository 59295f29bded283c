from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from countersign.verify.trust import TrustedKey
from countersign.witness.folder import opened
from countersign.witness.key import load_or_create
from countersign.witness.witness import Witness
from tests.verify.world import FIRST
from tests.witness.clock import Clock

Start = Callable[..., Witness]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reports() -> list[str]:
    """What the witness's operator was told."""
    return []


@pytest.fixture
def start(tmp_path: Path, clock: Clock, reports: list[str]) -> Iterator[Start]:
    """Starts the witness of the folder `data`; starting again ends the one before, as a new process would."""
    running = ExitStack()

    def begin(*logs: TrustedKey) -> Witness:
        running.close()
        folder = running.enter_context(opened(tmp_path / "data"))
        signer = load_or_create(tmp_path / "data", "witness.example/w1")
        return Witness(signer, logs or (TrustedKey(FIRST.key),), folder, clock=clock, report=reports.append)

    with running:
        yield begin


@pytest.fixture
def witness(start: Start) -> Witness:
    return start()

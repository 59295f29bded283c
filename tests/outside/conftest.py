"""Logs on both stores, as the tests of the log have them, and a real witness process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.audit.conftest import postgres_log_url, sqlite_log_url, url
from tests.outside.processes import WitnessProcess

__all__ = ["postgres_log_url", "sqlite_log_url", "url"]


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[WitnessProcess]:
    """A witness of the log that `tests.audit.making` signs."""
    with WitnessProcess(tmp_path / "witness", "witness.example/one") as process:
        yield process

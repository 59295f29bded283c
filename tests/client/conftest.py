"""The fake server, a client of it, and a way to type commands at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from countersign.cli.app import build_app
from countersign.client import Client
from countersign.retry import Retry
from tests.client.fake_server import FakeServer, serving

Command = Callable[..., Any]


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving(FakeServer()) as fake:
        yield fake


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that the client fixture would have slept."""
    return []


@pytest.fixture
def client(server: FakeServer, pauses: list[float]) -> Iterator[Client]:
    with Client(server.address, timeout=20.0, retry=Retry(sleep=pauses.append)) as made:
        yield made


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches a test, and files are written where they vanish."""
    for name in ("ADDRESS", "TOKEN", "CA", "CONFIG"):
        monkeypatch.delenv(f"COUNTERSIGN_{name}", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def command(server: FakeServer) -> Command:
    """Types one command line; the result has exit_code, stdout and stderr."""

    def run(*arguments: str | Path, **environment: str) -> Any:
        words = [str(argument) for argument in arguments]
        settings = {"COUNTERSIGN_ADDRESS": server.address, "COLUMNS": "200", **environment}
        return CliRunner().invoke(build_app(), words, env=settings, catch_exceptions=False)

    return run


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(b"a photo")
    return path

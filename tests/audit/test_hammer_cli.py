"""`countersign log hammer`: what it prints, how it ends, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from countersign.cli.app import COMMANDS, build_app
from server.audit.hammer.findings import Violation
from server.audit.hammer.report import Progress, Report
from server.cli.hammer import line_of, show

HOOK = EntryPoint("server", "server.cli:attach", COMMANDS)
REPORT = Report(
    seconds=2.0,
    size=12,
    entries={"decision": 10},
    rate=5.0,
    p50=1.0,
    p99=2.0,
    checks={"receipt": 3},
    refused={"conflict": 1},
    kills=1,
    violations=(),
    further=0,
)


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Any]:
    """Types one command line of an operator whose data lies in the test's own folder."""

    def run(*words: str) -> Any:
        settings = {"COUNTERSIGN_DATA_DIR": str(tmp_path), "COUNTERSIGN_CONFIG": None, "COUNTERSIGN_DATABASE_URL": None}
        return CliRunner().invoke(build_app([HOOK]), words, env=settings, catch_exceptions=False)

    return run


def test_a_new_log_is_hammered_once(command: Callable[..., Any]) -> None:
    words = ("log", "hammer", "--seconds", "1", "--callers", "4", "--processes", "1", "--json")
    result = command(*words)
    assert result.exit_code == 0, result.output
    view = json.loads(result.stdout)
    assert (view["ok"], view["violations"]) == (True, [])
    assert view["size"] == sum(view["entries"].values()) > 0
    again = command(*words)
    assert again.exit_code == 2
    assert f"the log holds {view['size']} entries" in json.loads(again.stdout)["error"]["message"]


def test_a_broken_promise_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show(REPORT)
    assert "every promise was kept" in capsys.readouterr().out
    values = {name: getattr(REPORT, name) for name in REPORT.__slots__}
    broken = Report(**{**values, "violations": (Violation("receipt", "of entry 7"),), "further": 2})
    assert not broken.ok
    show(broken)
    shown = capsys.readouterr().out
    assert "✗ receipt: of entry 7" in shown
    assert "and 2 more" in shown
    empty = Report(**{**values, "entries": {}})
    assert not empty.ok
    show(empty)
    assert "took no entry" in capsys.readouterr().out


def test_progress_is_one_line() -> None:
    line = line_of(Progress(seconds=3.0, entries=1200, rate=400.0, p99=12.0, checks=9, violations=0, kills=2))
    assert line == "3 s: 1,200 entries, 400/s, p99 12 ms, 9 checks, 0 violations, 2 killed"

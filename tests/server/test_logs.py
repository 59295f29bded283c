"""What an operator reads: every line is one JSON object, whoever wrote it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from server import logs


@pytest.fixture(autouse=True)
def afterwards_as_before() -> Iterator[None]:
    root, level = logging.getLogger(), logging.getLogger().level
    yield
    structlog.reset_defaults()
    root.setLevel(level)
    for handler in [each for each in root.handlers if each.get_name() == logs.HANDLER]:
        root.removeHandler(handler)
    for room in logs.ROOMS:
        logging.getLogger(room).setLevel(logging.NOTSET)


def test_our_log_and_the_standard_library_write_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(human=False)
    structlog.get_logger("countersign.rpc").info("rpc", code="OK")
    logging.getLogger("core.sandbox.pool").info("worker %d was replaced", 3)
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("some.library").exception("it failed")
    first, second, third = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (first["event"], first["level"], first["code"]) == ("rpc", "info", "OK")
    assert (second["event"], second["level"], second["logger"]) == (
        "worker 3 was replaced",
        "info",
        "core.sandbox.pool",
    )
    assert second["timestamp"].endswith("Z")
    assert "ValueError: why" in third["exception"]


def test_libraries_are_heard_from_warnings_on_and_nothing_is_said_twice(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        logs.configure(human=False)
    logging.getLogger("alembic.runtime").info("chatter")
    logging.getLogger("alembic.runtime").warning("trouble")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["trouble"]


def test_the_level_holds_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(level="ERROR", human=False)
    structlog.get_logger("countersign").warning("quiet")
    logging.getLogger("server.audit.tree.mark").warning("quiet")
    logging.getLogger("some.library").warning("quiet")
    assert capsys.readouterr().err == ""

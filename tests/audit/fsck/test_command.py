"""`countersign log fsck`: what it says, and that it can be stopped."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from server.audit.fsck import Report, Summary
from server.cli.fsck import interruptible, report_json, show
from tests.audit.fsck.conftest import Log


def test_ctrl_c_stops_the_work_and_waits_for_its_end() -> None:
    ended = threading.Event()

    def work(cancelled: Callable[[], bool]) -> Report:
        while not cancelled():
            time.sleep(0.01)
        ended.set()
        raise InterruptedError

    killer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    killer.start()
    with pytest.raises(KeyboardInterrupt):
        interruptible(work)
    killer.join()
    assert ended.is_set()


def test_what_work_raises_comes_through() -> None:
    def work(cancelled: Callable[[], bool]) -> Report:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        interruptible(work)


def test_the_operator_is_told_what_is_no_damage(whole: Log, capsys: pytest.CaptureFixture[str]) -> None:
    report = whole.examine()
    show(report)
    said = capsys.readouterr().out
    assert "plaintext is gone from 1 entries by erasure, and from 2 by retention" in said
    assert "5 intents are older than a day" in said
    view = report_json(report)
    assert (view["erased"], view["expired"], view["orphaned_intents"]) == (1, 2, 5)


def test_nothing_is_said_about_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show(Report(0, bytes(32), (), summary=Summary()))
    assert capsys.readouterr().out.count("\n") == 1

"""`countersign log export`: formats, destinations, and files that are whole or not there."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from countersign.cli import progress
from countersign.v1 import audit_pb2, common_pb2
from tests.client.conftest import Command
from tests.client.fake_record import FILE
from tests.client.fake_server import FakeServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "exports"
    made.mkdir()
    return made


def test_the_server_writes_parquet(server: FakeServer, command: Command, folder: Path) -> None:
    out = folder / "log.parquet"
    result = command("log", "export", "--format", "parquet", "--action", "block", "--min-score", "0", "-o", out)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert out.read_bytes() == b"".join(FILE)
    (request,) = server.seen["ExportDecisions"]
    assert request.format == audit_pb2.EXPORT_FORMAT_PARQUET
    assert (request.filter.action, request.filter.HasField("min_score")) == (common_pb2.ACTION_BLOCK, True)


def test_statements_of_reasons_go_to_stdout_or_a_file(server: FakeServer, command: Command, folder: Path) -> None:
    assert command("log", "export", "--format", "dsa").stdout_bytes == b"".join(FILE)
    assert command("log", "export", "--format", "dsa", "-o", folder / "dsa.jsonl").exit_code == 0
    assert (folder / "dsa.jsonl").read_bytes() == b"".join(FILE)
    assert {each.format for each in server.seen["ExportDecisions"]} == {audit_pb2.EXPORT_FORMAT_DSA_JSONL}


def test_json_lines_come_page_by_page(server: FakeServer, command: Command, photo: Path) -> None:
    for media in (b"ALLOW 1", b"BLOCK 2", b"ALLOW 3"):
        photo.write_bytes(media)
        command("screen", photo)
    lines = command("log", "export", "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["decision_id"] for line in lines] == ["d0002", "d0001", "d0000"]
    assert len(server.seen["ListDecisions"]) == 2
    assert not server.seen["ExportDecisions"]


@pytest.mark.parametrize(
    "words", [["--format", "parquet"], ["--format", "dsa", "--receipts"], ["--format", "parquet", "--receipts"]]
)
def test_options_that_do_not_go_together(server: FakeServer, command: Command, words: list[str]) -> None:
    result = command("log", "export", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "INVALID_ARGUMENT" in result.stderr
    assert not server.seen["ExportDecisions"]


def test_a_file_that_breaks_off_is_not_there(server: FakeServer, command: Command, folder: Path) -> None:
    server.cut_files = True
    result = command("log", "export", "--format", "parquet", "-o", folder / "log.parquet")
    assert result.exit_code != 0
    assert list(folder.iterdir()) == []


def test_a_file_that_was_there_survives_one_that_breaks_off(server: FakeServer, command: Command, folder: Path) -> None:
    server.cut_files = True
    out = folder / "log.parquet"
    out.write_bytes(b"the last one")
    assert command("log", "export", "--format", "parquet", "-o", out).exit_code == 2
    assert command("log", "export", "--format", "parquet", "-o", out, "--force").exit_code != 0
    assert [(path, path.read_bytes()) for path in folder.iterdir()] == [(out, b"the last one")]


def test_an_interrupted_export_leaves_nothing(command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> Iterator[bytes]:
        yield b"the first piece"
        assert len(list(folder.iterdir())) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr("countersign.cli.export.pieces", interrupted)
    assert command("log", "export", "-o", folder / "log.jsonl").exit_code == 130
    assert list(folder.iterdir()) == []


def test_progress_counts_what_came(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with progress.Bars() as bars:
        report = bars.counting("exporting dsa")
        report(1_500_000, 1200)
        report(700_000, 34)
    assert "exporting dsa: 1,234 lines, 2.2 MB" in screen.getvalue()

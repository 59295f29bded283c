"""`countersign log` and `countersign models`: the record and the models, read."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path

import pytest

from countersign.v1 import common_pb2
from tests.client.conftest import Command
from tests.client.fake_server import FakeServer


@pytest.fixture(autouse=True)
def _recorded(command: Command, photo: Path) -> None:
    for media in (b"ALLOW 1", b"BLOCK 2", b"ALLOW 3"):
        photo.write_bytes(media)
        command("screen", photo)


def test_list_prints_an_array_newest_first(command: Command) -> None:
    result = command("log", "list", "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [view["decision_id"] for view in json.loads(result.stdout)] == ["d0002", "d0001", "d0000"]


def test_list_filters(server: FakeServer, command: Command) -> None:
    words = ["--action", "block", "--detector", "copy_move", "--digest", "sha256:" + "0" * 64]
    words += ["--label", "copy_move", "--reason", "c", "--min-score", "0", "--subject", "u1", "--state", "appealed"]
    result = command("log", "list", *words, "--since", "2026-01-02T03:04:05+0000", "--until", "2026-02-01", "--json")
    assert [view["action"] for view in json.loads(result.stdout)] == ["BLOCK"]
    chosen = server.seen["ListDecisions"][0].filter
    assert (chosen.detector, chosen.media_digest) == ("copy_move", "sha256:" + "0" * 64)
    assert (chosen.label, chosen.reason_code, chosen.subject) == ("copy_move", "c", "u1")
    assert chosen.review_state == common_pb2.REVIEW_STATE_APPEALED
    assert chosen.HasField("min_score"), "0 is a bound too"
    assert not chosen.HasField("max_score")
    assert chosen.since.ToDatetime(UTC).isoformat() == "2026-01-02T03:04:05+00:00"
    assert chosen.HasField("until")


def test_list_stops_at_its_limit(server: FakeServer, command: Command) -> None:
    assert len(json.loads(command("log", "list", "--limit", "1", "--json").stdout)) == 1
    assert [page.page_size for page in server.seen["ListDecisions"]] == [1]


def test_an_empty_record_is_an_empty_array(server: FakeServer, command: Command) -> None:
    server.decisions.clear()
    assert json.loads(command("log", "list", "--json").stdout) == []


def test_show_prints_one_decision(command: Command) -> None:
    view = json.loads(command("log", "show", "d0001", "--json").stdout)
    assert (view["decision_id"], view["action"], view["refusal"]) == ("d0001", "BLOCK", None)
    shown = command("log", "show", "d0001").stdout
    assert "BLOCK" in shown
    assert "too small" in shown


def test_refused_media_was_not_decided_on(server: FakeServer, command: Command) -> None:
    refusal = common_pb2.Refusal(field="media", limit="JPEG", found="a text", message="unsupported format")
    server.decisions = {"r": common_pb2.Decision(decision_id="d7", refusal=refusal)}
    view = json.loads(command("log", "show", "d7", "--json").stdout)
    assert (view["action"], view["provenance"], view["refusal"]["found"]) == (None, None, "a text")
    for words in (["log", "show", "d7"], ["log", "list"]):
        shown = command(*words).stdout
        assert "refused" in shown
        assert "unsupported format" in shown


def test_show_of_nothing_is_2(command: Command) -> None:
    result = command("log", "show", "d9", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["code"] == "NOT_FOUND"


def test_a_receipt_is_fetched_and_verifies(command: Command, photo: Path, tmp_path: Path) -> None:
    saved = tmp_path / "receipt.json"
    assert command("log", "receipt", "d0002", "-o", saved).exit_code == 0
    assert command("verify", saved, "--media", photo).exit_code == 0
    assert json.loads(command("log", "receipt", "d0002").stdout) == json.loads(saved.read_text())
    assert command("log", "receipt", "d0002", "-o", saved).exit_code == 2


def test_export_writes_json_lines(command: Command, tmp_path: Path) -> None:
    out = tmp_path / "log.jsonl"
    assert command("log", "export", "-o", out, "--receipts").exit_code == 0
    views = [json.loads(line) for line in out.read_text().splitlines()]
    assert [view["decision_id"] for view in views] == ["d0002", "d0001", "d0000"]
    assert [view["receipt"]["decision_id"] for view in views] == ["d0002", "d0001", "d0000"]
    lines = command("log", "export").stdout.splitlines()
    assert [json.loads(line)["decision_id"] for line in lines] == ["d0002", "d0001", "d0000"]


def test_an_export_that_fails_leaves_nothing(server: FakeServer, command: Command, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    result = command("--address", "127.0.0.1:1", "--timeout", "0.3", "log", "export", "-o", folder / "log.jsonl")
    assert result.exit_code == 3
    assert list(folder.iterdir()) == []


def test_people_get_a_table_of_decisions(command: Command) -> None:
    result = command("log", "list")
    assert result.exit_code == 0
    assert all(text in result.stdout for text in ("d0000", "BLOCK", "INBOUND"))


def test_models_are_listed(command: Command) -> None:
    views = json.loads(command("models", "list", "--json").stdout)
    assert [view["role"] for view in views] == ["DETECTOR", "GENERATOR"]
    assert views[1]["parameters"][0] == {
        "name": "scale",
        "type": "int",
        "default": "2",
        "description": "",
        "choices": ["2", "4"],
        "minimum": None,
        "maximum": None,
    }
    assert views[1]["card"] == "# upscale"
    chosen = json.loads(command("models", "list", "--role", "generator", "--json").stdout)
    assert [view["name"] for view in chosen] == ["upscale"]
    assert "Enlarges" in command("models", "list").stdout

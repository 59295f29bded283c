"""`countersign verify`: offline, and wrong whenever one byte is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.client.conftest import Command
from tests.client.fake_server import FakeServer

NOWHERE = {"COUNTERSIGN_ADDRESS": "127.0.0.1:1"}


@pytest.fixture
def screened(command: Command, photo: Path, tmp_path: Path) -> Path:
    path = tmp_path / "screened.json"
    path.write_text(command("screen", photo, "--json").stdout)
    return path


@pytest.fixture
def receipt(screened: Path) -> dict[str, Any]:
    return dict(json.loads(screened.read_text())[0]["receipt"])


def test_needs_no_server(server: FakeServer, command: Command, screened: Path, photo: Path) -> None:
    result = command("verify", screened, "--media", photo, "--log-key", str(server.log.key), "--json", **NOWHERE)
    assert (result.exit_code, result.stderr) == (0, "")
    view = json.loads(result.stdout)
    assert view["ok"] is True
    assert [check["name"] for check in view["checks"]] == ["form", "key", "checkpoint", "inclusion", "entry", "media"]
    assert all(set(check) == {"name", "ok", "detail"} and check["ok"] for check in view["checks"])


def test_people_read_it_line_by_line(server: FakeServer, command: Command, screened: Path, photo: Path) -> None:
    pinned = command("verify", screened, "--media", photo, "--log-key", str(server.log.key)).stdout.splitlines()
    assert len(pinned) == 6
    assert all(line.startswith("✓ ") for line in pinned)
    lines = command("verify", screened, "--media", photo).stdout.splitlines()
    assert lines[1].startswith("! key: NOT PINNED")
    assert [line for line in lines if not line.startswith("✓ ")] == lines[1:2]
    photo.write_bytes(b"another photo")
    result = command("verify", screened, "--media", photo)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1].startswith("✗ media")


@pytest.mark.parametrize("wrap", [lambda r: r, lambda r: {"output": "x", "receipt": r}, lambda r: [{"receipt": r}]])
def test_finds_the_receipt_in_every_output(
    command: Command, receipt: dict[str, Any], tmp_path: Path, wrap: Any
) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(wrap(receipt)))
    assert command("verify", path).exit_code == 0


@pytest.mark.parametrize("field", ["entry", "proof", "decision_id"])
def test_one_changed_byte_is_found(command: Command, receipt: dict[str, Any], tmp_path: Path, field: str) -> None:
    middle = len(receipt[field]) // 2
    changed = "0" if receipt[field][middle] != "0" else "1"
    receipt[field] = receipt[field][:middle] + changed + receipt[field][middle + 1 :]
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps(receipt))
    result = command("verify", path, "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False


def test_another_log_key_is_not_believed(command: Command, screened: Path) -> None:
    assert command("verify", screened, "--log-key", "another.test/log+00000000+AQ==").exit_code == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("not json", "not valid JSON"),
        ("{}", "0 receipts"),
        ('{"a":1,"a":2}', "repeats a key"),
        ("[" * 9999, "not valid"),
    ],
)
def test_what_is_no_receipt_is_unusable(command: Command, tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(content)
    result = command("verify", path, "--json")
    assert result.exit_code == 2
    assert reason in json.loads(result.stdout)["error"]["message"]


def test_two_receipts_are_one_too_many(command: Command, receipt: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "receipt.json"
    path.write_text(json.dumps([{"receipt": receipt}, {"receipt": receipt}]))
    result = command("verify", path)
    assert result.exit_code == 2
    assert "holds 2 receipts" in result.stderr


@pytest.mark.parametrize("missing", ["receipt", "media"])
def test_missing_files_are_unusable(command: Command, screened: Path, tmp_path: Path, missing: str) -> None:
    no = tmp_path / "no.json"
    words = [no] if missing == "receipt" else [screened, "--media", no]
    result = command("verify", *words, "--json")
    assert result.exit_code == 2
    assert "does not exist" in json.loads(result.stdout)["error"]["message"]

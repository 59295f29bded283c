"""`countersign screen`: one object a file, whatever becomes of the others."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.client.conftest import Command
from tests.client.fake_parts import EVIDENCE, unavailable
from tests.client.fake_server import FakeServer

RECEIPT_FIELDS = {"decision_id", "log_index", "entry", "proof", "log_key"}
FINDING_FIELDS = {
    "detector",
    "version",
    "label",
    "verdict",
    "probability",
    "score",
    "score_scale",
    "log10_lr",
    "calibration",
    "measurements",
    "fpr_at_threshold",
    "codes",
    "explanation",
    "limits",
    "evidence",
}


def test_json_is_one_array_with_one_object_a_file(command: Command, photo: Path) -> None:
    result = command("screen", photo, "--json", "--surface", "feed", "--subject", "u1")
    assert (result.exit_code, result.stderr) == (0, "")
    (view,) = json.loads(result.stdout)
    assert (view["file"], view["decision_id"], view["action"]) == (str(photo), "d0000", "ALLOW")
    assert (view["subject"], view["review_state"], view["current_action"]) == ("u1", "NONE", "ALLOW")
    assert set(view["receipt"]) == RECEIPT_FIELDS
    assert json.loads(view["receipt"]["entry"])["surface"] == "Grüße"
    (finding,) = view["findings"]
    assert set(finding) == FINDING_FIELDS
    assert (finding["verdict"], finding["probability"]) == ("ABSTAINED", None)
    assert view["provenance"]["state"] == "INVALID"
    assert view["provenance"]["codes"] == ["assertion.dataHash.mismatch"]
    assert view["reasons"][0]["action"] == "ALLOW"
    assert view["decided_at"] == "2026-01-02T03:04:05Z"
    assert "error" not in view


def test_a_decision_to_block_is_still_a_success(command: Command, photo: Path) -> None:
    photo.write_bytes(b"BLOCK this")
    result = command("screen", photo, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)[0]["action"] == "BLOCK"


def test_bad_files_are_reported_and_the_others_screened(
    server: FakeServer, command: Command, photo: Path, tmp_path: Path
) -> None:
    refused, empty = tmp_path / "refused.png", tmp_path / "empty.png"
    refused.write_bytes(b"REFUSE this")
    empty.touch()
    result = command("screen", refused, tmp_path, empty, tmp_path / "missing.png", photo, "--json")
    assert result.exit_code == 2
    views = json.loads(result.stdout)
    assert [view.get("action") for view in views] == [None, None, None, None, "ALLOW"]
    assert views[0] == {
        "file": str(refused),
        "error": {
            "code": "INVALID_ARGUMENT",
            "reason": "UNSUPPORTED_MEDIA",
            "field": "media",
            "limit": "100 pixels",
            "found": "200 pixels",
            "message": "the picture has too many pixels",
        },
    }
    messages = [view["error"]["message"] for view in views[1:4]]
    assert ["is a directory" in messages[0], "is empty" in messages[1], "does not exist" in messages[2]] == [True] * 3
    assert "the picture has too many pixels (limit 100 pixels, found 200 pixels) [support id abc]" in result.stderr
    assert len(server.seen["Screen"]) == 2


def test_a_lost_server_ends_the_work_with_3(server: FakeServer, command: Command, photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.png"
    other.write_bytes(b"another photo")
    server.failures["Screen"] = [unavailable(1)] * 4
    result = command("screen", photo, other, tmp_path / "missing.png", "--json")
    assert result.exit_code == 3
    assert [view["error"]["code"] for view in json.loads(result.stdout)] == ["UNAVAILABLE"] * 3
    assert len(server.seen["Screen"]) == 4


def test_nobody_at_the_address_is_3(command: Command, photo: Path) -> None:
    result = command("--address", "127.0.0.1:1", "--timeout", "0.5", "screen", photo, "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)[0]["error"]["code"] == "UNAVAILABLE"


def test_saves_receipts_that_verify_offline(command: Command, photo: Path, tmp_path: Path) -> None:
    result = command("screen", photo, "--receipt-dir", tmp_path / "a/receipts")
    assert result.exit_code == 0
    (saved,) = (tmp_path / "a/receipts").iterdir()
    assert saved.name == "photo.png.d0000.receipt.json"
    assert command("verify", saved, "--media", photo).exit_code == 0


def test_saves_evidence_under_names_that_cannot_leave_the_folder(command: Command, photo: Path, tmp_path: Path) -> None:
    result = command("screen", photo, "--evidence", tmp_path / "evidence", "--json")
    assert result.exit_code == 0
    (saved,) = (tmp_path / "evidence").iterdir()
    assert saved.read_bytes() == EVIDENCE
    assert saved.suffix == ".png"
    assert json.loads(result.stdout)[0]["findings"][0]["evidence"][0]["path"] == str(saved)


def test_what_cannot_be_saved_is_said_beside_the_decision(command: Command, photo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "receipts"
    (folder / "photo.png.d0000.receipt.json").mkdir(parents=True)
    result = command("screen", photo, "--receipt-dir", folder, "--json")
    assert result.exit_code == 2
    (view,) = json.loads(result.stdout)
    assert view["action"] == "ALLOW"
    assert "is a directory" in view["error"]["message"]


def test_a_folder_that_cannot_be_made_is_2_before_anything_is_sent(
    server: FakeServer, command: Command, photo: Path
) -> None:
    result = command("screen", photo, "--receipt-dir", photo / "receipts", "--json")
    assert result.exit_code == 2
    (view,) = json.loads(result.stdout)
    assert "cannot make the folder" in view["error"]["message"]
    assert not server.seen


def test_people_get_a_table_without_terminal_control(command: Command, photo: Path) -> None:
    result = command("screen", photo)
    assert result.exit_code == 0
    for text in ("photo.png", "ALLOW", "because [bold]it[/bold]", "INVALID"):
        assert text in result.stdout
    assert "\x1b" not in result.stdout
    assert result.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="only there may a name be no text")
def test_one_file_is_told_with_its_findings_and_many_with_their_sum(
    command: Command, photo: Path, tmp_path: Path
) -> None:
    alone = command("screen", photo).stdout
    assert "1 of 1 unsure" in alone
    assert "Detector" in alone
    assert "ABSTAINED" in alone
    other = tmp_path / "other.jpg"
    other.write_bytes(b"another")
    both = command("screen", photo, other).stdout
    assert both.count("1 of 1 unsure") == 2
    assert "Detector" not in both


def test_a_name_that_is_no_text_is_still_json(command: Command, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/ph\xffoto.png"))
    path.write_bytes(b"a photo")
    result = command("screen", path, "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout)[0]["file"] == str(path)


def test_no_file_is_bad_usage(command: Command) -> None:
    result = command("screen", "--json")
    assert (result.exit_code, result.stdout) == (2, "")

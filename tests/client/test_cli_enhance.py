"""`countersign enhance`: written whole or not at all, and never when the decision blocks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countersign.v1 import generation_pb2
from tests.client.conftest import Command
from tests.client.fake_server import FakeServer

MADE = b"made of a photo"


def test_json_is_one_object_and_the_file_is_there(server: FakeServer, command: Command, photo: Path) -> None:
    out = photo.with_name("out.png")
    words = ["enhance", photo, "-o", out, "--task", "upscale", "--param", "scale=4", "--seed", "7", "--json"]
    result = command(*words)
    assert (result.exit_code, result.stderr) == (0, "")
    view = json.loads(result.stdout)
    assert {key: view[key] for key in ("output", "decision_id", "action", "model", "seed")} == {
        "output": str(out),
        "decision_id": "d0000",
        "action": "ALLOW",
        "model": "fake@1",
        "seed": 7,
    }
    assert view["receipt"]["decision_id"] == "d0000"
    assert out.read_bytes() == MADE
    assert dict(server.seen["Enhance"][0].parameters) == {"scale": "4"}
    assert {path.name for path in photo.parent.iterdir()} == {"photo.png", "out.png"}


def test_credentials_that_the_format_does_not_hold_lie_beside_it(
    server: FakeServer, command: Command, photo: Path
) -> None:
    server.beside = b"a manifest store"
    out, store = photo.with_name("out.dcm"), photo.with_name("out.c2pa")
    result = command("enhance", photo, "-o", out, "--task", "denoise", "--json")
    assert json.loads(result.stdout)["manifest"] == str(store)
    assert (out.read_bytes(), store.read_bytes()) == (MADE, b"a manifest store")
    again = command("enhance", photo, "-o", out, "--task", "denoise", "--force")
    assert "out.c2pa: its credentials" in again.stdout.replace("\n", " ")


def test_no_output_without_its_credentials(server: FakeServer, command: Command, photo: Path) -> None:
    server.beside = b"a manifest store"
    out, store = photo.with_name("out.dcm"), photo.with_name("out.c2pa")
    store.write_bytes(b"somebody's")
    result = command("enhance", photo, "-o", out, "--task", "denoise")
    assert result.exit_code == 2
    assert not out.exists()
    assert store.read_bytes() == b"somebody's"


def test_saves_a_receipt(command: Command, photo: Path, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.json"
    result = command("enhance", photo, "-o", tmp_path / "out.png", "--task", "upscale", "--receipt", receipt)
    assert result.exit_code == 0
    assert "ALLOW, by fake@1, log index 0" in result.stdout
    assert command("verify", receipt).exit_code == 0


def test_what_was_chosen_is_told(server: FakeServer, command: Command, photo: Path, tmp_path: Path) -> None:
    server.plan = "nothing: it is sharp"
    result = command("enhance", photo, "-o", tmp_path / "out.png", "--task", "auto")
    assert result.stdout.splitlines()[-1] == "chosen: nothing: it is sharp"


def test_blocked_media_is_not_written_but_its_receipt_is(command: Command, photo: Path, tmp_path: Path) -> None:
    photo.write_bytes(b"BLOCK this")
    out, receipt = tmp_path / "out.png", tmp_path / "receipt.json"
    result = command("enhance", photo, "-o", out, "--task", "upscale", "--receipt", receipt, "--json")
    assert result.exit_code == 1
    view = json.loads(result.stdout)
    assert (view["output"], view["action"]) == (None, "BLOCK")
    assert not out.exists()
    assert json.loads(receipt.read_text())["decision_id"] == view["decision_id"]
    assert "the decision blocks it" in result.stderr


def test_an_answer_that_is_not_its_digest_leaves_nothing(server: FakeServer, command: Command, photo: Path) -> None:
    server.wrong_digest = True
    result = command("enhance", photo, "-o", photo.with_name("out.png"), "--task", "upscale", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["error"]["code"] == "DATA_LOSS"
    assert [path.name for path in photo.parent.iterdir()] == ["photo.png"]


@pytest.mark.parametrize(
    ("output", "force", "reason"),
    [
        ("there.png", False, "exists; --force replaces it"),
        ("photo.png", True, "is the input itself"),
        ("link.png", True, "is the input itself"),
        ("folder", True, "is a directory"),
        ("no/out.png", False, "is not a directory"),
    ],
)
def test_refuses_outputs_before_it_asks_for_work(
    server: FakeServer, command: Command, photo: Path, tmp_path: Path, output: str, force: bool, reason: str
) -> None:
    (tmp_path / "there.png").write_bytes(b"precious")
    (tmp_path / "link.png").symlink_to(photo)
    (tmp_path / "folder").mkdir()
    words = ["enhance", photo, "-o", tmp_path / output, "--task", "upscale", "--json"]
    result = command(*words, *(["--force"] if force else []))
    assert result.exit_code == 2
    assert reason in json.loads(result.stdout)["error"]["message"]
    assert (tmp_path / "there.png").read_bytes() == b"precious"
    assert not server.seen


def test_force_replaces_the_output(command: Command, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    out.write_bytes(b"old")
    assert command("enhance", photo, "-o", out, "--task", "upscale", "--force").exit_code == 0
    assert out.read_bytes() == MADE


@pytest.mark.parametrize("params", [["scale"], ["=4"], ["scale=2", "scale=4"]])
def test_malformed_parameters_are_bad_usage(command: Command, photo: Path, params: list[str]) -> None:
    words = [word for param in params for word in ("--param", param)]
    result = command("enhance", photo, "-o", photo.with_name("out.png"), "--task", "upscale", "--json", *words)
    assert (result.exit_code, result.stdout) == (2, "")


def test_a_label_reaches_the_server(server: FakeServer, command: Command, photo: Path) -> None:
    words = ["enhance", photo, "-o", photo.with_name("out.png"), "--task", "upscale", "--json", "--label", "AI生成"]
    words += ["--label-mark", "ai", "--label-placement", "top-left", "--label-height", "0.1"]
    assert command(*words).exit_code == 0
    assert server.seen["Enhance"][0].label == generation_pb2.Label(
        text="AI生成",
        mark=generation_pb2.LABEL_MARK_AI,
        placement=generation_pb2.LABEL_PLACEMENT_TOP_LEFT,
        height_fraction=0.1,
    )


def test_a_mark_alone_is_a_label_and_nothing_is_none(server: FakeServer, command: Command, photo: Path) -> None:
    words = ["enhance", photo, "-o", photo.with_name("out.png"), "--task", "upscale", "--json", "--force"]
    assert command(*words, "--label-mark", "ai").exit_code == 0
    assert command(*words).exit_code == 0
    marked, plain = server.seen["Enhance"]
    assert marked.label == generation_pb2.Label(mark=generation_pb2.LABEL_MARK_AI)
    assert not plain.HasField("label")


@pytest.mark.parametrize(
    "words",
    [
        ["--label-height", "0.1"],
        ["--label-placement", "centre"],
        ["--label", "AI", "--label-height", "0.3"],
        ["--label", "AI", "--label-placement", "left"],
        ["--label-mark", "robot"],
    ],
)
def test_a_malformed_label_is_bad_usage(server: FakeServer, command: Command, photo: Path, words: list[str]) -> None:
    result = command("enhance", photo, "-o", photo.with_name("out.png"), "--task", "upscale", "--json", *words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert not server.seen


def test_output_and_receipt_may_not_be_one_file(server: FakeServer, command: Command, photo: Path) -> None:
    out = photo.with_name("out.png")
    result = command("enhance", photo, "-o", out, "--task", "upscale", "--receipt", "out.png")
    assert (result.exit_code, result.stdout) == (2, "")
    assert not server.seen


def test_a_missing_input_names_the_file(command: Command, tmp_path: Path) -> None:
    result = command("enhance", tmp_path / "no.png", "-o", tmp_path / "out.png", "--task", "upscale", "--json")
    assert result.exit_code == 2
    view = json.loads(result.stdout)
    assert view["file"] == str(tmp_path / "no.png")
    assert "does not exist" in view["error"]["message"]


def test_format_and_privacy_are_asked_for(server: FakeServer, command: Command, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.tiff"
    result = command("enhance", photo, "-o", out, "--task", "upscale", "--format", "tiff", "--private")
    assert result.exit_code == 0
    request = server.seen["Enhance"][0]
    assert (request.output_mime_type, request.private) == ("image/tiff", True)
    assert "left out: nothing" in result.stdout


def test_what_was_left_out_is_told(server: FakeServer, command: Command, photo: Path, tmp_path: Path) -> None:
    server.left_out = ("GPSInfo", "MakerNote")
    words = ["enhance", photo, "-o", tmp_path / "out.png", "--task", "upscale", "--private"]
    assert command(*words).stdout.splitlines()[-1] == "left out: GPSInfo, MakerNote"
    view = json.loads(command(*words, "--force", "--json").stdout)
    assert view["left_out"] == ["GPSInfo", "MakerNote"]


def test_a_format_that_nobody_writes(command: Command, photo: Path, tmp_path: Path) -> None:
    result = command("enhance", photo, "-o", tmp_path / "out.heic", "--task", "upscale", "--format", "heic")
    assert result.exit_code == 2

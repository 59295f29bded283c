"""`countersign enhance FILE… -o FOLDER`: one object a file, nothing half, and no source touched."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from countersign.cli.batch import named_for
from tests.client.conftest import Command
from tests.client.fake_parts import unavailable
from tests.client.fake_server import FakeServer
from tests.client.test_cli_process import start


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Three files, of which the second is blocked."""
    found = [tmp_path / name for name in ("one.png", "two.jpg", "three.png")]
    for path, data in zip(found, (b"a photo", b"BLOCK this", b"another"), strict=True):
        path.write_bytes(data)
    return found


def words(photos: list[Path], *more: str | Path) -> list[str | Path]:
    return ["enhance", *photos, "-o", photos[0].parent / "made", "--task", "upscale", *more]


def test_json_is_one_array_with_one_object_a_file_and_the_gravest_code_counts(
    server: FakeServer, command: Command, photos: list[Path]
) -> None:
    missing = photos[0].with_name("missing.png")
    result = command(*words([photos[0], missing, *photos[1:]], "--json"))
    assert result.exit_code == 2
    first, lost, blocked, last = json.loads(result.stdout)
    folder = photos[0].parent / "made"
    assert [each["file"] for each in (first, lost, blocked, last)] == [
        str(path) for path in (photos[0], missing, *photos[1:])
    ]
    assert (first["output"], last["output"]) == (str(folder / "one.png"), str(folder / "three.png"))
    assert "does not exist" in lost["error"]["message"]
    assert (blocked["output"], blocked["action"]) == (None, "BLOCK")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "one.png": b"made of a photo",
        "three.png": b"made of another",
    }
    assert "missing.png" in result.stderr
    assert "two.jpg: the decision blocks it" in result.stderr
    assert len(server.seen["Enhance"]) == 3


def test_a_block_alone_is_code_1_and_the_table_names_what_was_written(command: Command, photos: list[Path]) -> None:
    result = command(*words(photos))
    assert result.exit_code == 1
    assert "three.png" in result.stdout
    assert "BLOCK" in result.stdout


def test_receipts_and_companions_go_to_folders(command: Command, photos: list[Path], tmp_path: Path) -> None:
    beside = [word for option in ("receipt", "comparison", "risk-map") for word in (f"--{option}", tmp_path / option)]
    result = command(*words([photos[0], photos[2]], *beside, "--json"))
    assert result.exit_code == 0
    assert len(list((tmp_path / "receipt").iterdir())) == 2
    assert (tmp_path / "comparison" / "one.png.comparison.png").read_bytes() == b"companion 1"
    assert (tmp_path / "risk-map" / "three.png.risk-map.png").read_bytes() == b"companion 2"
    told = json.loads(result.stdout)[1]["companions"]
    assert [(each["kind"], each["output"]) for each in told] == [
        ("COMPARISON", str(tmp_path / "comparison" / "three.png.comparison.png")),
        ("RISK_MAP", str(tmp_path / "risk-map" / "three.png.risk-map.png")),
    ]


def test_two_files_of_one_name_do_not_take_each_others_place(
    command: Command, photos: list[Path], tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    double = tmp_path / "other" / "one.png"
    double.write_bytes(b"a double")
    result = command(*words([photos[0], double], "--json", "--force"))
    assert result.exit_code == 2
    assert "another file of that name" in json.loads(result.stdout)[1]["error"]["message"]
    assert (tmp_path / "made" / "one.png").read_bytes() == b"made of a photo"


def test_no_source_is_written_to_though_force_is_given(command: Command, photos: list[Path], tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "one.png").symlink_to(photos[2])
    result = command(*words([photos[0], photos[2]], "--json", "--force"))
    assert "is the input itself" in json.loads(result.stdout)[0]["error"]["message"]
    assert photos[2].read_bytes() == b"another"
    beside = command("enhance", photos[0], photos[2], "-o", tmp_path, "--task", "upscale", "--force", "--json")
    assert beside.exit_code == 2
    assert photos[0].read_bytes() == b"a photo"


def test_what_is_there_stays_without_force(server: FakeServer, command: Command, photos: list[Path]) -> None:
    folder = photos[0].parent / "made"
    folder.mkdir()
    (folder / "one.png").write_bytes(b"precious")
    result = command(*words([photos[0], photos[2]], "--json"))
    assert "--force replaces it" in json.loads(result.stdout)[0]["error"]["message"]
    assert (folder / "one.png").read_bytes() == b"precious"
    assert len(server.seen["Enhance"]) == 1  # the other one alone was asked for


def test_a_lost_server_ends_the_batch(server: FakeServer, command: Command, photos: list[Path]) -> None:
    server.failures["Enhance"] = [unavailable()] * 4
    result = command(*words(photos, "--json"))
    assert result.exit_code == 3
    assert [each["error"]["code"] for each in json.loads(result.stdout)] == ["UNAVAILABLE"] * 3


def test_a_folder_that_cannot_be_made_is_told_of_every_file(command: Command, photos: list[Path]) -> None:
    (photos[0].parent / "made").write_bytes(b"a file")
    result = command(*words(photos, "--json"))
    assert result.exit_code == 2
    assert [each["error"]["field"] for each in json.loads(result.stdout)] == ["output"] * 3


def test_ctrl_c_leaves_whole_files_and_says_what_was_not_done(server: FakeServer, tmp_path: Path) -> None:
    for name, data in (("one.png", b"a photo"), ("slow.png", b"SLOW work"), ("three.png", b"another")):
        (tmp_path / name).write_bytes(data)
    typed = ["enhance", "one.png", "slow.png", "three.png", "-o", "made", "--task", "upscale", "--json"]
    with start(server, *typed, stderr=-1) as process:
        assert server.slow_started.wait(30)
        time.sleep(0.5)  # see test_cli_process
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err
    first, *others = json.loads(out)
    assert first["output"] == "made/one.png"
    assert [each["error"]["code"] for each in others] == ["CANCELLED"] * 2
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["one.png"]
    assert server.slow_cancelled.wait(10)


@pytest.mark.parametrize(
    ("name", "mime", "named"),
    [
        ("a.jpeg", "image/jpeg", "a.jpeg"),
        ("a.JPG", "image/jpeg", "a.JPG"),
        ("a.gif", "image/png", "a.gif.png"),
        ("a", "image/webp", "a.webp"),
        ("a.dcm", "application/dicom", "a.dcm"),
    ],
)
def test_a_result_has_the_sources_name_and_a_suffix_that_is_true(name: str, mime: str, named: str) -> None:
    assert named_for(name, mime) == named

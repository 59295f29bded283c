"""`countersign known near`: files are listed by their parts, and a server that is configured for it looks them up."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from countersign.cli.app import build_app
from detectors.base import Verdict
from detectors.near.detector import NearDetector
from detectors.near.near_list import NearList
from server.cli import known_near
from server.config import Settings
from server.startup import near_duplicates
from tests.detectors.making import coded, film_of, media, photograph
from tests.server.test_cli import HOOK

Near = Callable[..., Result]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lists" / "near.safetensors"


@pytest.fixture
def near(tmp_path: Path, path: Path) -> Near:
    """Types one command of the group, for an operator who has set `near_list`."""
    config = tmp_path / "c.toml"
    config.write_text(f'[server]\ndata_dir = "{tmp_path}"\n[server.detectors]\nnear_list = "{path}"\n')

    def run(*words: object) -> Result:
        arguments = ["--config", str(config), "known", "near", *map(str, words)]
        return CliRunner().invoke(build_app([HOOK]), arguments, catch_exceptions=False)

    return run


def test_what_is_listed_is_found_in_a_crop_until_it_is_taken_off(near: Near, path: Path, tmp_path: Path) -> None:
    picture, film = tmp_path / "crab.jpg", tmp_path / "film.mp4"
    picture.write_bytes(coded(photograph("crab"), "JPEG"))
    film.write_bytes(film_of(photograph("dogs")[:360, :480], photograph("fig")[:360, :480]))
    added = json.loads(near("add", picture, film, "--list", "own", "--reason", "why", "--json").stdout)
    assert sorted((each["list"], each["reason"], each["pictures"]) for each in added) == [
        ("own", "why", 1),
        ("own", "why", 2),
    ]
    assert json.loads(near("list", "--json").stdout) == added
    crop = media(coded(photograph("crab")[100:, 200:], "JPEG"))
    (finding,) = NearDetector.load(path).detect([crop])
    assert {"list.own", f"entry.{next(each['id'] for each in added if each['pictures'] == 1)}"} <= set(finding.codes)
    digest = json.loads(near("digest", "--json").stdout)
    assert (digest["version"], digest["pictures"]) == (finding.version, 3)
    assert json.loads(near("digest", path, "--json").stdout) == digest
    assert len(json.loads(near("remove", picture, "--list", "own", "--json").stdout)) == 1
    (finding,) = NearDetector.load(path).detect([crop])
    assert finding.verdict is Verdict.NOT_DETECTED


def test_a_plain_picture_is_refused_and_nothing_is_written(near: Near, path: Path, tmp_path: Path) -> None:
    plain, picture = tmp_path / "plain.png", tmp_path / "crab.png"
    plain.write_bytes(coded(np.full((90, 90, 3), 7, np.uint8)))
    picture.write_bytes(coded(photograph("crab")))
    result = near("add", picture, plain, "--list", "own")
    assert result.exit_code == 2
    assert "plain.png is too plain to be found again" in " ".join(result.output.split())
    assert not path.exists()


def test_without_the_setting_it_says_which(tmp_path: Path) -> None:
    environment = {"COUNTERSIGN_DATA_DIR": str(tmp_path), "COUNTERSIGN_CONFIG": None}
    result = CliRunner().invoke(build_app([HOOK]), ["known", "near", "list"], env=environment)
    assert result.exit_code == 2
    assert "set near_list in the table server.detectors" in " ".join(result.output.split())


def test_a_server_has_the_detector_where_it_is_configured(near: Near, path: Path, tmp_path: Path) -> None:
    picture = tmp_path / "crab.jpg"
    picture.write_bytes(coded(photograph("crab"), "JPEG"))
    assert near("add", picture, "--list", "own").exit_code == 0
    configured = Settings.load(tmp_path / "c.toml")
    assert near_duplicates(configured.model_copy(update={"detectors": Settings().detectors})) is None
    made = near_duplicates(configured)
    assert made is not None
    assert made[0].version == NearDetector.load(path).version


def test_nobody_else_changes_the_list_between_reading_and_writing(
    near: Near, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, held, read = tmp_path / "crab.jpg", [], known_near.read
    picture.write_bytes(coded(photograph("crab"), "JPEG"))

    def looked(*given: Any) -> NearList:
        with path.with_name("near.safetensors.lock").open("a") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        held.append(True)
        return read(*given)

    monkeypatch.setattr(known_near, "read", looked)
    assert near("add", picture, "--list", "own").exit_code == 0
    assert near("remove", picture, "--list", "own").exit_code == 0
    assert held == [True, True]
    with path.with_name("near.safetensors.lock").open("a") as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)

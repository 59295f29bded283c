"""`countersign known`: files are listed by what finds them again, lists of others come and go whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from countersign.cli.app import build_app
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from tests.detectors.making import coded, film_of, media, photograph
from tests.server.test_cli import HOOK

BRIDGE = "f8f8f0cee0f4a84f06370a22038f63f0b36e2ed596621e1d33e6b39c4e9c9b22"
HEADER = "signal_type,signal_str,collab,category,tags\n"
Known = Callable[..., Result]


@pytest.fixture
def known(tmp_path: Path) -> Known:
    """Types one command of the group, for an operator whose data lies in the test's own folder."""

    def run(*words: object) -> Result:
        settings = {"COUNTERSIGN_DATA_DIR": str(tmp_path / "data"), "COUNTERSIGN_CONFIG": None}
        arguments = ["known", *map(str, words)]
        return CliRunner().invoke(build_app([HOOK]), arguments, env=settings, catch_exceptions=False)

    return run


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_video_is_listed_as_a_film_and_a_picture_by_itself(known: Known, tmp_path: Path) -> None:
    scenes = [photograph(name)[:360, :480] for name in ("crab", "dogs", "fig")]
    film, picture = tmp_path / "film.mp4", tmp_path / "picture.jpg"
    film.write_bytes(film_of(*scenes))
    picture.write_bytes(coded(scenes[0], "JPEG"))
    entries = told(known("add", film, picture, "--list", "own", "--reason", "why", "--json"))
    assert [entry["kind"] for entry in entries] == ["sha256", "vpdq", "sha256", "pdq"]
    assert all((entry["list"], entry["reason"]) == ("own", "why") for entry in entries)
    shown = told(known("list", "--json"))
    assert {entry["id"] for entry in shown} == {entry["id"] for entry in entries}
    detector = KnownHashDetector(HashList.load(tmp_path / "data" / "known.jsonl"))
    (finding,) = detector.detect([media(film_of(*scenes[:2]))])
    assert {"list.own", "match.vpdq"} <= set(finding.codes)
    told(known("remove", film, picture, "--list", "own", "--json"))
    assert told(known("list", "--json")) == []


def test_a_list_of_others_comes_whole_and_is_replaced_by_its_next_edition(known: Known, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.csv"
    theirs.write_text(f"{HEADER}pdq,{BRIDGE},Them,POSITIVE_CLASS,a b\npdq,{'0' * 64},Them,DISPUTED,\n")
    first = told(known("import", theirs, "--list", "given", "--source", "them", "--json"))
    assert (first["entries"], first["not_positive"], first["dropped"], first["size"]) == (1, 1, 0, 1)
    (entry,) = told(known("list", "--json"))
    assert (entry["list"], entry["source"], entry["tags"]) == ("them", "them", ["a", "b"])

    theirs.write_text(f"{HEADER}pdq,{'1' * 64},Them,POSITIVE_CLASS,\nvideo_md5,{'0' * 32},Them,POSITIVE_CLASS,\n")
    wrong = known("import", theirs, "--list", "given", "--replace")
    assert wrong.exit_code == 2
    assert "theirs.csv, line 3: column 2 (signal_str): signals of type 'video_md5'" in " ".join(wrong.output.split())
    assert told(known("digest", "--json"))["digest"] == first["digest"], "nothing of it was taken"

    second = told(known("import", theirs, "--list", "given", "--replace", "--skip-others", "--json"))
    assert (second["other_types"], second["dropped"], second["size"]) == (1, 1, 1)


@pytest.mark.parametrize("name", ["out.csv", "out.txt", "out.jsonl", "out.safetensors"])
def test_what_was_exported_is_imported_again(known: Known, tmp_path: Path, name: str) -> None:
    given = tmp_path / "given.txt"
    given.write_text(f"pdq {BRIDGE}\nvideo_sha256 {'0' * 64}\n")
    before = told(known("import", given, "--list", "one", "--json"))
    assert known("export", tmp_path / name, "--list", "one").output == "2 entries\n"
    after = told(known("import", tmp_path / name, "--list", "one", "--replace", "--json"))
    assert (after["digest"], after["dropped"]) == (before["digest"], 2)


def test_a_list_that_is_not_there_or_of_no_known_form_is_named(known: Known, tmp_path: Path) -> None:
    missing = known("export", tmp_path / "out.csv", "--list", "other")
    assert (missing.exit_code, "no list 'other'" in missing.output) == (2, True)
    form = known("import", tmp_path / "x.pickle", "--list", "one")
    assert (form.exit_code, "no form of lists" in form.output) == (2, True)
    assert not (tmp_path / "data").exists()


def test_a_digest_tells_the_version_that_findings_have(known: Known, tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_text(json.dumps({"kind": "pdq", "hex": BRIDGE, "list": "one"}) + "\n")
    shown = told(known("digest", copy, "--json"))
    assert shown["version"] == KnownHashDetector(HashList.load(copy)).version
    assert (shown["pdq"], shown["sha256"], shown["vpdq"]) == (1, 0, 0)

"""`countersign recover`: what was found, how sure, and the manifest as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from countersign.client import Client
from countersign.errors import NotFound
from tests.client.conftest import Command
from tests.client.fake_server import FakeServer
from tests.client.fake_soft_bindings import DOUBTFUL, KNOWN, MANIFEST


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    path = tmp_path / "copy.jpg"
    path.write_bytes(KNOWN)
    return path


def test_json_is_one_object_and_the_manifest_is_written(command: Command, copy: Path, tmp_path: Path) -> None:
    out = tmp_path / "manifest.c2pa"
    result = command("recover", copy, "-o", out, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    view = json.loads(result.stdout)
    (match,) = view["matches"]
    assert match == {
        "manifest_id": "urn:c2pa:1",
        "certainty": "LIKELY",
        "confidence": 0.99,
        "similarity_score": 97,
        "bindings": ["pdq", "sketch"],
        "decision_id": None,
    }
    assert (view["file"], view["watermark_unconfirmed"], view["provenance"]["state"]) == (str(copy), False, "INVALID")
    assert out.read_bytes() == MANIFEST


def test_people_read_how_sure_it_is(command: Command, copy: Path) -> None:
    result = command("recover", copy)
    assert result.exit_code == 0
    for words in ("urn:c2pa:1", "very likely signed here", "0.990", "pdq, sketch", "INVALID"):
        assert words in result.stdout
    assert "\x1b" not in result.stdout


def test_nothing_found_is_a_failed_check_and_writes_nothing(command: Command, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "manifest.c2pa"
    result = command("recover", photo, "-o", out)
    assert (result.exit_code, out.exists()) == (1, False)
    assert "Nothing that was signed here looks like it." in result.stdout
    assert command("recover", photo, "--json").exit_code == 1


def test_what_may_be_the_upload_before_is_told_without_credentials(command: Command, tmp_path: Path) -> None:
    file, out = tmp_path / "doubtful.jpg", tmp_path / "manifest.c2pa"
    file.write_bytes(DOUBTFUL)
    result = command("recover", file, "-o", out)
    assert (result.exit_code, out.exists()) == (1, False)
    assert "no credentials are shown" in result.stdout
    assert "urn:c2pa:1" in result.stdout
    assert "INVALID" not in result.stdout
    result = command("recover", file, "--json")
    view = json.loads(result.stdout)
    assert (result.exit_code, view["matches"][0]["certainty"], view["provenance"]) == (1, "AMBIGUOUS", None)


def test_the_help_tells_what_comes_of_doubt_and_what_reads_the_manifest(command: Command) -> None:
    words = " ".join(command("recover", "--help").stdout.split())
    for told in ("the upload that a signed file was made from", "exit code 1", "application/c2pa"):
        assert told in words


def test_a_copied_watermark_is_told(server: FakeServer, command: Command, photo: Path) -> None:
    result = command("recover", photo, "--watermark", "00112233aabb")
    assert result.exit_code == 1
    assert "it was copied" in result.stdout
    asked = server.seen["ByContent"][-1]
    assert (asked.hint_alg, asked.hint_value) == ("org.countersign.watermark.1", "00112233aabb")


def test_an_existing_file_is_not_replaced_unasked(server: FakeServer, command: Command, copy: Path) -> None:
    out = copy.with_name("manifest.c2pa")
    out.write_bytes(b"mine")
    assert command("recover", copy, "-o", out).exit_code == 2
    assert "ByContent" not in server.seen
    assert out.read_bytes() == b"mine"
    assert command("recover", copy, "-o", out, "--force").exit_code == 0
    assert out.read_bytes() == MANIFEST
    assert command("recover", copy, "-o", copy, "--force").exit_code == 2


def test_the_client_asks_for_a_manifest_by_its_name(server: FakeServer) -> None:
    with Client(server.address) as client:
        assert client.manifest("urn:c2pa:1") == MANIFEST
        assert [each.manifest_id for each in client.by_binding("print.1", "1").matches] == ["urn:c2pa:1"]
        assert list(client.soft_binding_algorithms().fingerprints) == ["print.1"]
        with pytest.raises(NotFound, match="no such manifest"):
            client.manifest("urn:other")

"""`countersign inspect`: the chain for people and for programs, whatever a stranger wrote into it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from countersign.cli.provenance_words import SOURCES, STATES
from countersign.v1 import common_pb2, provenance_pb2
from tests.client.conftest import Command
from tests.client.fake_server import FakeServer

HOSTILE = "[red]\x1b[2J<script>\u202egpj.exe\x00"


def at(text: str) -> Timestamp:
    stamp = Timestamp()
    stamp.FromJsonString(text)
    return stamp


def camera(title: str = "photo.jpg") -> provenance_pb2.ChainManifest:
    capture = provenance_pb2.ChainAction(
        action="c2pa.created",
        when=at("2026-01-02T03:04:05Z"),
        tool="Firmware 3",
        digital_source_type="http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture",
    )
    return provenance_pb2.ChainManifest(
        label="urn:c2pa:camera", title=title, signer=provenance_pb2.ChainSigner(name="Camera 5"), actions=[capture]
    )


@pytest.fixture
def page(server: FakeServer) -> FakeServer:
    """A page with a photograph that was changed, and a logo without credentials."""
    photo = provenance_pb2.ChainIngredient(
        title="photo.jpg",
        format="image/jpeg",
        relationship="parentOf",
        state=common_pb2.CREDENTIAL_STATE_INVALID,
        codes=["assertion.dataHash.mismatch", "vendor.strange"],
        intact=True,
        manifest=camera(),
    )
    logo = provenance_pb2.ChainIngredient(
        title="logo", relationship="componentOf", state=common_pb2.CREDENTIAL_STATE_NONE, repeated_elsewhere=True
    )
    server.chain = provenance_pb2.ChainManifest(
        label="urn:c2pa:page",
        title="page.jpg",
        claim_generator="Press 2",
        signer=provenance_pb2.ChainSigner(
            name="News Desk", organization="The Paper", not_after=at("2027-01-01T00:00:00Z")
        ),
        signed_at=at("2026-05-01T10:00:00Z"),
        time_proven=True,
        actions=[
            provenance_pb2.ChainAction(action="c2pa.opened", ingredients=["photo.jpg"]),
            provenance_pb2.ChainAction(action="c2pa.edited", tool="Studio 1", description="made bluer"),
        ],
        ingredients=[photo, logo],
        soft_bindings=[provenance_pb2.ChainSoftBinding(algorithm="org.x.y", value="00ff")],
        preferences=[provenance_pb2.ChainPreference(use="cawg.ai_training", choice="notAllowed")],
        cut=True,
    )
    return server


def test_prints_one_object(command: Command, photo: Path, page: FakeServer) -> None:
    result = command("inspect", photo, "--json")
    assert (result.exit_code, result.stderr) == (0, "")
    view = json.loads(result.stdout)
    assert (view["file"], view["state"], view["codes"]) == (str(photo), "INVALID", ["assertion.dataHash.mismatch"])
    assert view["manifests"][0]["active"] is True
    assert view["manifests"][0]["actions"] == ["c2pa.opened"]
    chain = view["chain"]
    assert (chain["title"], chain["signed_at"], chain["time_proven"]) == ("page.jpg", "2026-05-01T10:00:00Z", True)
    assert chain["signer"]["not_after"] == "2027-01-01T00:00:00Z"
    source, logo = chain["ingredients"]
    assert (source["state"], source["intact"]) == ("INVALID", True)
    assert source["manifest"]["actions"][0]["tool"] == "Firmware 3"
    assert (logo["manifest"], logo["repeated_elsewhere"]) == (None, True)
    assert page.seen["Inspect"][0].include_crjson is False


def test_a_file_without_credentials_has_no_chain(command: Command, photo: Path) -> None:
    assert json.loads(command("inspect", photo, "--json").stdout)["chain"] is None


def test_people_read_who_when_what_and_from_what(command: Command, photo: Path, page: FakeServer) -> None:
    result = command("inspect", photo)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"INVALID\n{STATES['INVALID']}\n  the content is not what was signed (assertion.")
    lines = [line.lstrip("│├└─ ") for line in result.stdout.splitlines()]
    for line in (
        "page.jpg signed by News Desk (The Paper)",
        "signed 2026-05-01 10:00 UTC, proven by a timestamp",
        "credentials written by Press 2",
        "opened “photo.jpg”",
        "edited with Studio 1 · made bluer",
        "the maker's wish: training of AI not allowed",
        "recognisable without its metadata by org.x.y",
        "began as “photo.jpg” (image/jpeg): INVALID, changed after signing, or not the file that was signed",
        "the content is not what was signed (assertion.dataHash.mismatch)",
        "vendor.strange",
        "photo.jpg signed by Camera 5",
        "when it was signed is not proven: there is no timestamp",
        "created with Firmware 3 on 2026-01-02 03:04 UTC · captured by a camera",
        "contains “logo”: NONE, without credentials",
        "its history is told above",
        "… and more, which is not shown",
    ):
        assert line in lines, line


def test_people_read_which_list_vouches_for_the_signer(
    command: Command, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusted = common_pb2.Provenance(state=common_pb2.CREDENTIAL_STATE_TRUSTED, trusted_by="press")
    monkeypatch.setattr("tests.client.fake_server.PROVENANCE", trusted)
    shown = command("inspect", photo).stdout
    assert shown.startswith(f"TRUSTED\n{STATES['TRUSTED']}\n  the signer stands on the list “press”\n")
    assert json.loads(command("inspect", photo, "--json").stdout)["trusted_by"] == "press"


def test_what_is_not_known_is_shown_as_it_is(command: Command, photo: Path, server: FakeServer) -> None:
    action = provenance_pb2.ChainAction(action="org.new.action", digital_source_type="http://x.org/newType")
    wish = provenance_pb2.ChainPreference(use="odd", choice="constrained", constraint="ask first")
    source = provenance_pb2.ChainIngredient(relationship="odderOf", state=common_pb2.CREDENTIAL_STATE_TRUSTED)
    server.chain = provenance_pb2.ChainManifest(
        actions=[action], preferences=[wish], ingredients=[source], signed_at=at("2026-05-01T10:00:00Z")
    )
    shown = command("inspect", photo).stdout
    for line in (
        "untitled signed by somebody without a name",
        "signed 2026-05-01 10:00 UTC, but nobody vouches for the clock",
        "org.new.action · newType",
        "the maker's wish: odd only on conditions: ask first",
        "odderOf “untitled”: TRUSTED",
    ):
        assert line in shown, line


def test_nothing_that_a_stranger_wrote_is_obeyed(command: Command, photo: Path, server: FakeServer) -> None:
    server.chain = camera(HOSTILE)
    server.chain.signer.name = server.chain.claim_generator = HOSTILE
    server.chain.actions[0].description = HOSTILE
    server.chain.preferences.add(use=HOSTILE, choice=HOSTILE, constraint=HOSTILE)
    server.chain.soft_bindings.add(algorithm=HOSTILE)
    server.chain.ingredients.add(title=HOSTILE, format=HOSTILE, relationship=HOSTILE, codes=[HOSTILE])
    for form in ((), ("--json",)):
        shown = command("inspect", photo, *form).stdout
        assert not {"\x1b", "\x00", "\u202e"} & set(shown)
        assert "[red]" in shown  # and so it was not read as markup


def test_crjson_is_printed_alone_and_escaped(command: Command, photo: Path, server: FakeServer) -> None:
    server.crjson = json.dumps({"@context": {}, "manifests": [{"label": HOSTILE}]}, ensure_ascii=False)
    result = command("inspect", photo, "--crjson")
    assert (result.exit_code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == json.loads(server.crjson)
    assert result.stdout.isascii()
    assert "\x1b" not in result.stdout
    assert server.seen["Inspect"][-1].include_crjson is True


def test_crjson_of_a_file_without_credentials_is_null(command: Command, photo: Path) -> None:
    assert json.loads(command("inspect", photo, "--crjson").stdout) is None


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_an_answer_that_is_no_crjson_is_said_to_be_none(
    command: Command, photo: Path, server: FakeServer, text: str
) -> None:
    server.crjson = text
    result = command("inspect", photo, "--crjson")
    assert result.exit_code != 0
    assert "no JSON" in result.stderr


def test_two_forms_at_once_are_refused(command: Command, photo: Path) -> None:
    assert command("inspect", photo, "--json", "--crjson").exit_code == 2


def test_an_older_server_without_chains_still_shows_its_manifests(command: Command, photo: Path) -> None:
    assert "urn:c2pa:1 (active)" in command("inspect", photo).stdout


def test_a_missing_file_is_named(command: Command, tmp_path: Path) -> None:
    result = command("inspect", tmp_path / "no.png", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["file"] == str(tmp_path / "no.png")


@pytest.mark.parametrize("state", [name for name in common_pb2.CredentialState.keys() if "UNSPEC" not in name])  # noqa: SIM118 - no mapping
def test_every_state_of_the_api_has_words(state: Any) -> None:
    assert state.removeprefix("CREDENTIAL_STATE_") in STATES
    assert STATES.keys() > SOURCES.keys()


@pytest.mark.parametrize(("name", "start"), [("scan.dcm", bytes(128) + b"DICM"), ("photo.png", b"\x89PNG")])
def test_the_store_beside_a_dicom_file_goes_along(
    server: FakeServer, command: Command, tmp_path: Path, name: str, start: bytes
) -> None:
    file = tmp_path / name
    file.write_bytes(start + bytes(200))
    is_dicom = name.endswith(".dcm")
    assert command("inspect", file).exit_code == 0
    assert server.seen["Inspect"][0].manifest_store == b""
    file.with_suffix(".c2pa").write_bytes(b"a manifest store")
    assert command("inspect", file).exit_code == 0
    assert server.seen["Inspect"][1].manifest_store == (b"a manifest store" if is_dicom else b"")

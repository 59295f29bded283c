"""An upload improved, signed, recorded; its credential judged by our reader and by one that shares no code with it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from core.media import digest_of
from server.demo import files
from tests.loop.conftest import Served
from tests.provenance.conftest import opinion_of
from tests.provenance.manifests import produce
from tests.provenance.signers import stranger


@pytest.fixture(scope="module")
def served(shared: Served) -> Served:
    return shared


@pytest.fixture(scope="module")
def enhanced(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enhanced")
    photograph = produce("photo", stranger(), data=files.small())  # as captured, by a camera on no list
    (folder / "photo.jpg").write_bytes(photograph)
    arguments = ("enhance", folder / "photo.jpg", "-o", folder / "out.jpg", "--task", "upscale")
    (folder / "answer.json").write_text(json.dumps(served.json(*arguments)))
    return folder


def test_the_output_is_larger_and_its_decision_is_recorded(served: Served, enhanced: Path) -> None:
    with Image.open(enhanced / "photo.jpg") as before, Image.open(enhanced / "out.jpg") as after:
        assert after.width in {before.width * 2, before.width * 4}
    answer = json.loads((enhanced / "answer.json").read_text())
    shown = served.json("log", "show", answer["decision_id"])
    assert shown["direction"] == "OUTBOUND"
    assert shown["intent_index"] < answer["receipt"]["log_index"]
    assert shown["model"].split("@")[0] == answer["model"].split("@")[0]


def test_our_reader_trusts_the_output_and_names_the_parent(served: Served, enhanced: Path) -> None:
    seen = served.json("inspect", enhanced / "out.jpg")
    assert seen["state"] == "TRUSTED"
    (active,) = [manifest for manifest in seen["manifests"] if manifest["active"]]
    assert "c2pa.opened" in active["actions"]
    (upload,) = seen["chain"]["ingredients"]
    assert (upload["relationship"], upload["state"], upload["intact"]) == ("parentOf", "VALID_UNTRUSTED", True)
    assert upload["manifest"]["title"] == "photo"
    assert seen["chain"]["actions"][0]["ingredients"] == [upload["title"]]
    crjson = json.loads(served.run("inspect", enhanced / "out.jpg", "--crjson"))
    assert crjson["manifests"][0]["label"] == seen["chain"]["label"]


def test_a_reader_that_shares_no_code_with_ours_trusts_it_too(
    served: Served, enhanced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCYPHER_C2PA_CONFIG_DIR", str(enhanced))
    root = (served.data_dir / "provenance/root.pem").read_text()
    opinion = opinion_of((enhanced / "out.jpg").read_bytes(), "image/jpeg", root)
    assert (opinion.intact, opinion.trusted) == (True, True), opinion
    altered = opinion_of(files.altered((enhanced / "out.jpg").read_bytes()), "image/jpeg", root)
    assert not altered.intact


def test_the_upload_is_the_parent_ingredient(served: Served, enhanced: Path) -> None:
    with served.client() as client:
        answer = client.inspect(enhanced / "out.jpg")
    store = json.loads(answer.manifest_store_json)
    (parent,) = store["manifests"][store["active_manifest"]]["ingredients"]
    assert parent["relationship"] == "parentOf"
    assert digest_of((enhanced / "photo.jpg").read_bytes()) in answer.manifest_store_json


def test_one_changed_byte_makes_the_credential_invalid(served: Served, enhanced: Path) -> None:
    changed = enhanced / "changed.jpg"
    changed.write_bytes(files.altered((enhanced / "out.jpg").read_bytes()))
    assert served.json("inspect", changed)["state"] == "INVALID"
    (answer,) = served.json("screen", changed)
    assert answer["provenance"]["state"] == "INVALID"
    assert answer["action"] in {"REVIEW", "BLOCK"}


def test_our_own_work_on_a_cameras_photograph_contradicts_nothing(served: Served, enhanced: Path) -> None:
    (answer,) = served.json("screen", enhanced / "out.jpg")
    (found,) = [each for each in answer["findings"] if each["detector"] == "contradictions"]
    assert (found["verdict"], found["codes"]) == ("NOT_DETECTED", [])


def test_metadata_stays(served: Served, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera Maker"
    buffer = io.BytesIO()
    Image.open(io.BytesIO(files.small())).save(buffer, "JPEG", quality=92, exif=exif)
    (tmp_path / "in.jpg").write_bytes(buffer.getvalue())
    served.run("enhance", tmp_path / "in.jpg", "-o", tmp_path / "out.jpg", "--task", "denoise")
    with Image.open(tmp_path / "out.jpg") as output:
        assert output.getexif()[0x010F] == "Camera Maker"


def test_work_on_our_own_work_is_marked_and_contradicts_nothing(served: Served, enhanced: Path) -> None:
    served.run("enhance", enhanced / "out.jpg", "-o", enhanced / "again.jpg", "--task", "denoise")
    with Image.open(enhanced / "again.jpg") as picture:
        picture.save(enhanced / "stripped.jpg", quality=75)
    chain = served.json("inspect", enhanced / "again.jpg")["chain"]
    assert "c2pa.watermarked.bound" in [action["action"] for action in chain["actions"]]
    for name, state in (("again", "TRUSTED"), ("stripped", "RECOVERED_SOFT_BINDING")):
        (seen,) = served.json("screen", enhanced / f"{name}.jpg")
        found = {finding["detector"]: finding for finding in seen["findings"]}
        assert found["watermark"]["verdict"] == "DETECTED"  # of one mark or of both: the first has been worked over
        assert found["contradictions"]["verdict"] == "NOT_DETECTED"
        assert (seen["action"], seen["provenance"]["state"]) == ("ALLOW", state)

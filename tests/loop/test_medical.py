"""A DICOM file improved by the command line: opened by pydicom, judged by two readers, its patient told to nobody."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from core.media import digest_of
from server.demo import files
from tests import dicoms
from tests.loop.conftest import Served
from tests.provenance.conftest import opinion_of


@pytest.fixture(scope="module")
def served(shared: Served) -> Served:
    return shared


@pytest.fixture(scope="module")
def enhanced(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("medical")
    (folder / "ct.dcm").write_bytes(dicoms.real(dicoms.CT))
    asked = ("enhance", folder / "ct.dcm", "-o", folder / "out.dcm", "--task", "upscale", "--param", "scale=2")
    (folder / "answer.json").write_text(json.dumps(served.json(*asked)))
    return folder


def test_the_output_is_a_dicom_file_with_its_credentials_beside_it(served: Served, enhanced: Path) -> None:
    answer = json.loads((enhanced / "answer.json").read_text())
    assert answer["manifest"] == str(enhanced / "out.c2pa")
    assert answer["mime_type"] == dicoms.MIME
    found = dicoms.read((enhanced / "out.dcm").read_bytes())
    assert (found.Rows, found.BitsStored, found.PatientID) == (256, 16, "1CT1")
    assert answer["fidelity"]["unit"] == "HU"
    assert answer["fidelity"]["consistency_max"] <= 0.5
    assert answer["fidelity"]["uncertainty_max"] > 0
    seen = served.json("inspect", enhanced / "out.dcm")
    assert seen["state"] == "TRUSTED"
    (upload,) = seen["chain"]["ingredients"]
    assert upload["relationship"] == "parentOf"
    assert json.loads(served.run("inspect", enhanced / "out.dcm", "--crjson"))["manifests"]


def test_a_reader_that_shares_no_code_with_ours_trusts_it_too(
    served: Served, enhanced: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENCYPHER_C2PA_CONFIG_DIR", str(enhanced))
    root, data = (served.data_dir / "provenance/root.pem").read_text(), (enhanced / "out.dcm").read_bytes()
    store = (enhanced / "out.c2pa").read_bytes()
    opinion = opinion_of(data, "image/tiff", root, beside=store)  # it knows no DICOM, and hashes the whole file
    assert (opinion.intact, opinion.trusted) == (True, True), opinion
    assert not opinion_of(files.altered(data), "image/tiff", root, beside=store).intact


def test_an_altered_file_does_not_fit_its_credentials(served: Served, enhanced: Path) -> None:
    changed = enhanced / "changed.dcm"
    changed.write_bytes(files.altered((enhanced / "out.dcm").read_bytes()))
    shutil.copy(enhanced / "out.c2pa", enhanced / "changed.c2pa")
    assert served.json("inspect", changed)["state"] == "INVALID"


def test_the_map_of_uncertainty_is_a_file_of_its_own(served: Served, enhanced: Path) -> None:
    asked = ("enhance", enhanced / "ct.dcm", "-o", enhanced / "map.dcm", "--task", "denoise")
    served.run(*asked, "--param", "uncertainty=map")
    found = dicoms.read((enhanced / "map.dcm").read_bytes())
    assert float(found.RescaleIntercept) == 0.0
    assert "Standard deviation" in found.ImageComments
    assert served.json("inspect", enhanced / "map.dcm")["state"] == "TRUSTED"


def test_what_is_for_eyes_is_refused(served: Served, enhanced: Path) -> None:
    out = enhanced / "bad.dcm"
    refused = served.json("enhance", enhanced / "ct.dcm", "-o", out, "--task", "contrast", code=2)
    assert refused["error"]["field"] == "model"
    assert not out.exists()


def test_nothing_of_the_patient_is_in_what_the_server_writes(served: Served, enhanced: Path) -> None:
    outputs = {digest_of((enhanced / name).read_bytes()).removeprefix("sha256:") for name in ("out.dcm", "map.dcm")}
    kept = [file for file in served.config.parent.rglob("*") if file.is_file()]
    assert outputs <= {file.name for file in kept}
    written = b"".join(file.read_bytes() for file in kept if file.name not in outputs)
    shown = served.run("log", "list", "--json").encode()
    for private in (dicoms.PATIENT, b"1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322", b"JFK IMAGING"):
        assert private not in written + shown

"""An upload improved, signed, recorded; its credential judged by our reader and by one that shares no code with it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from server.demo import files
from tests.loop.conftest import Served


@pytest.fixture(scope="module")
def enhanced(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("enhanced")
    (folder / "photo.jpg").write_bytes(files.small())
    arguments = ("enhance", folder / "photo.jpg", "-o", folder / "out.jpg", "--task", "upscale")
    (folder / "answer.json").write_text(json.dumps(served.json(*arguments)))
    return folder


def test_the_output_is_larger_and_its_decision_is_recorded(served: Served, enhanced: Path) -> None:
    before, after = Image.open(enhanced / "photo.jpg"), Image.open(enhanced / "out.jpg")
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


def test_one_changed_byte_makes_the_credential_invalid(served: Served, enhanced: Path) -> None:
    changed = enhanced / "changed.jpg"
    changed.write_bytes(files.altered((enhanced / "out.jpg").read_bytes()))
    assert served.json("inspect", changed)["state"] == "INVALID"
    (answer,) = served.json("screen", changed)
    assert answer["provenance"]["state"] == "INVALID"
    assert answer["action"] in {"REVIEW", "BLOCK"}


def test_metadata_stays(served: Served, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera Maker"
    buffer = io.BytesIO()
    Image.open(io.BytesIO(files.small())).save(buffer, "JPEG", quality=92, exif=exif)
    (tmp_path / "in.jpg").write_bytes(buffer.getvalue())
    served.run("enhance", tmp_path / "in.jpg", "-o", tmp_path / "out.jpg", "--task", "denoise")
    assert Image.open(tmp_path / "out.jpg").getexif()[0x010F] == "Camera Maker"

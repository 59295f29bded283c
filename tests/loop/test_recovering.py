"""An output that lost its credentials on its way is recognised, and they are found again: through the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from server.demo import files
from tests.loop.conftest import Served

APP11 = b"\xff\xeb"


def stripped(data: bytes) -> bytes:
    """A JPEG without the segments that hold credentials; its pixels are as they were."""
    kept, at = data[:2], 2
    while data[at : at + 2] != b"\xff\xda":
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if data[at : at + 2] != APP11:
            kept += data[at:end]
        at = end
    return kept + data[at:]


def encoded_anew(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(data)) as picture:
        picture.convert("RGB").save(buffer, "JPEG", quality=70)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def travelled(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("travelled")
    (folder / "photo.jpg").write_bytes(files.small())
    arguments = ("enhance", folder / "photo.jpg", "-o", folder / "out.jpg", "--task", "upscale")
    (folder / "answer.json").write_text(json.dumps(served.json(*arguments)))
    out = (folder / "out.jpg").read_bytes()
    (folder / "stripped.jpg").write_bytes(stripped(out))
    (folder / "anew.jpg").write_bytes(encoded_anew(out))
    return folder


def recovery_of(served: Served, file: Path) -> tuple[str, set[str], str]:
    """Verdict, codes and the credential's state of one screening."""
    (view,) = served.json("screen", file)
    (finding,) = [each for each in view["findings"] if each["detector"] == "recovery"]
    return finding["verdict"], set(finding["codes"]), view["provenance"]["state"]


def test_a_stripped_output_is_known(served: Served, travelled: Path) -> None:
    assert served.json("inspect", travelled / "stripped.jpg")["state"] == "NONE"
    assert recovery_of(served, travelled / "stripped.jpg") == (
        "DETECTED",
        {"recovery.by.pixels", "recovery.stripped"},
        "RECOVERED_SOFT_BINDING",
    )
    assert recovery_of(served, travelled / "out.jpg")[::2] == ("NOT_DETECTED", "TRUSTED")
    assert recovery_of(served, travelled / "photo.jpg")[::2] == ("NOT_DETECTED", "NONE")


def test_one_encoded_anew_is_a_copy_where_its_watermark_was_read_and_doubtful_where_not(
    served: Served, travelled: Path
) -> None:
    verdict, codes, state = recovery_of(served, travelled / "anew.jpg")
    if "recovery.by.watermark" in codes:
        assert (verdict, state) == ("DETECTED", "RECOVERED_SOFT_BINDING")
    else:
        assert (verdict, state) == ("ABSTAINED", "NONE")
        assert "recovery.source_or_copy" in codes


def test_the_manifest_is_handed_out(served: Served, travelled: Path) -> None:
    store = travelled / "manifest.c2pa"
    view = served.json("recover", travelled / "stripped.jpg", "-o", store)
    answer = json.loads((travelled / "answer.json").read_text())
    assert view["matches"][0]["decision_id"] == answer["decision_id"]
    assert view["provenance"]["state"] == "RECOVERED_SOFT_BINDING"
    signed = served.json("inspect", travelled / "out.jpg")
    assert view["matches"][0]["manifest_id"] == signed["manifest_id"]
    assert store.read_bytes() in (travelled / "out.jpg").read_bytes()

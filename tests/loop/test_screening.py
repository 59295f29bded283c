"""Screening through the command line, on real files: what is allowed, reviewed, labelled and blocked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from server.demo import files
from tests.loop.conftest import Served
from tests.provenance.manifests import produce
from tests.provenance.signers import stranger

MEDIA = Path(__file__).parents[1] / "media"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    (folder / "photo.jpg").write_bytes(files.photograph())
    (folder / "tampered.jpg").write_bytes(files.copy_moved())
    (folder / "generated.png").write_bytes(files.generator_chunk())
    (folder / "known_again.jpg").write_bytes(files.known_again())
    return folder


def screen(served: Served, *paths: Path) -> list[dict[str, Any]]:
    answers: list[dict[str, Any]] = served.json("screen", *paths)
    return answers


def finding(answer: dict[str, Any], detector: str) -> dict[str, Any]:
    (found,) = [each for each in answer["findings"] if each["detector"] == detector]
    return dict(found)


@pytest.mark.parametrize("name", sorted(path.name for path in MEDIA.glob("*.jpg")))
def test_a_real_photo_is_allowed(served: Served, name: str) -> None:
    (answer,) = screen(served, MEDIA / name)
    assert answer["action"] == "ALLOW", answer["reasons"]
    assert answer["provenance"]["state"] == "NONE"


def test_a_copy_moved_photo_is_reviewed_with_a_mask(served: Served, folder: Path) -> None:
    served.run("screen", folder / "tampered.jpg", "--evidence", folder / "evidence")
    (answer,) = screen(served, folder / "tampered.jpg")
    assert answer["action"] in {"REVIEW", "BLOCK"}
    assert finding(answer, "copy_move")["verdict"] == "DETECTED"
    (mask,) = (folder / "evidence").rglob("*mask*.png")
    with Image.open(mask) as picture:
        marked = np.asarray(picture.convert("L")) > 127
    left, upper, right, lower = files.JAGUAR
    x, y = files.BESIDE
    truth = np.zeros_like(marked)
    truth[upper:lower, left:right] = True
    truth[y : y + lower - upper, x : x + right - left] = True
    overlap = (marked & truth).sum() / (marked | truth).sum()
    assert overlap > 0.4, overlap


def test_a_generators_chunk_is_labelled(served: Served, folder: Path) -> None:
    (answer,) = screen(served, folder / "generated.png")
    assert answer["action"] == "LABEL"
    assert "jaguars" not in str({**finding(answer, "metadata"), "evidence": None}), "prompts stay out of the record"


def test_a_listed_picture_is_blocked_after_re_encoding(served: Served, folder: Path) -> None:
    (answer,) = screen(served, folder / "known_again.jpg")
    assert answer["action"] == "BLOCK"
    assert "match.pdq" in finding(answer, "known_hash")["codes"]


def test_several_files_are_answered_in_order_and_a_bad_one_does_not_stop_the_rest(
    served: Served, folder: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(files.photograph()[:5000])
    answers = served.json("screen", folder / "photo.jpg", bad, folder / "generated.png", code=2)
    assert [Path(answer["file"]).name for answer in answers] == ["photo.jpg", "bad.jpg", "generated.png"]
    assert answers[1]["error"]["field"].startswith("media")
    assert answers[2]["action"] == "LABEL"


def test_the_record_lists_and_shows_decisions(served: Served, folder: Path) -> None:
    (answer,) = screen(served, folder / "tampered.jpg")
    listed = served.json("log", "list", "--action", "review")
    assert answer["decision_id"] in {each["decision_id"] for each in listed}
    shown = served.json("log", "show", answer["decision_id"])
    assert shown["action"] == "REVIEW"
    assert shown["policy_digest"].startswith("sha256:")


def test_a_cameras_credential_on_a_generators_picture_is_reviewed(served: Served, tmp_path: Path) -> None:
    """Anybody can have a picture signed as captured: here by somebody on no list, over a generator's own record."""
    forged = tmp_path / "captured.png"
    forged.write_bytes(produce("captured", stranger(), data=files.generator_chunk(), mime="image/png"))
    (answer,) = screen(served, forged)
    assert answer["provenance"]["state"] == "VALID_UNTRUSTED"
    assert finding(answer, "contradictions")["codes"] == ["contradiction.camera_generated"]
    assert "contradiction" in {reason["code"] for reason in answer["reasons"]}
    assert answer["action"] == "REVIEW"

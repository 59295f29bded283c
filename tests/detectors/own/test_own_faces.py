"""Brought classifiers that are shown faces: each face alone, and nothing where nobody is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data

from core.media import Media, Pixels
from detectors.base import Verdict
from detectors.faces.finder import FaceFinder
from detectors.own import source
from detectors.own.cropping import MOST_FACES, crop
from detectors.own.detector import OwnDetector, UncalibratedDetector
from detectors.own.loading import load
from detectors.own.settings import Given, Judging, OwnCheckpoint
from detectors.own.source import OwnSource
from tests.detectors.making import coded, drawn, halved, media
from tests.detectors.own import checkpoints
from tests.detectors.own.checkpoints import CLASSES, KNOWN, said


def astronaut() -> Pixels:
    """Eileen Collins (NASA, public domain)."""
    picture: Pixels = skimage.data.astronaut()  # type: ignore[no-untyped-call]
    return picture


def pair() -> Pixels:
    """The same face twice, once darker: a network of means tells them apart."""
    return np.hstack([astronaut(), astronaut() // 2])


def of(*pictures: Pixels) -> list[Media]:
    return [media(coded(each)) for each in pictures]


@pytest.fixture(scope="module")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> OwnCheckpoint:
    file = checkpoints.onnx_file(tmp_path_factory.mktemp("faces"))
    return said("onnx", file, given=Given(classes=CLASSES), crop="faces")


def scores(checkpoint: OwnCheckpoint, *pictures: Pixels) -> list[float | None]:
    detector = load(checkpoint)
    assert isinstance(detector, OwnDetector | UncalibratedDetector)
    return [reading.score for reading in detector.read(of(*pictures))]


@pytest.mark.parametrize("margin", [0.0, 0.3])
def test_the_score_is_that_of_the_crop(swapped: OwnCheckpoint, margin: float) -> None:
    (face,) = FaceFinder.load().find(astronaut())
    (expected,) = scores(replace(swapped, crop="nothing"), crop(astronaut(), face, margin))
    (found,) = scores(replace(swapped, margin=margin), astronaut())
    assert found == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("detected", CLASSES)
def test_the_highest_score_of_several_faces_counts(swapped: OwnCheckpoint, detected: str) -> None:
    faces = FaceFinder.load().find(pair())
    assert len(faces) == 2
    looking = replace(swapped, detected=(detected,))
    each = scores(replace(looking, crop="nothing"), *(crop(pair(), face, 0.3) for face in faces))
    assert None not in each
    assert each[0] != each[1]
    assert scores(looking, pair())[0] == pytest.approx(max(value for value in each if value is not None), abs=1e-5)


def test_where_nobody_is_it_says_nothing(swapped: OwnCheckpoint) -> None:
    there, nobody = load(swapped).detect(of(pair(), halved("crab")))
    assert (nobody.verdict, nobody.codes) == (Verdict.ABSTAINED, ("faces.none",))
    assert [dict(each.measurements)["faces.count"] for each in (there, nobody)] == [2, 0]
    assert load(swapped).detect(of(halved("crab"), pair())) == [nobody, there]


def test_faces_with_too_few_pixels_are_not_shown(swapped: OwnCheckpoint) -> None:
    (finding,) = load(replace(swapped, least_side=200)).detect(of(astronaut()))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("faces.too_small",))
    assert dict(finding.measurements)["faces.count"] == 1


def test_evidence_marks_the_face_that_counts(swapped: OwnCheckpoint, tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    sure = replace(KNOWN, log10_lrs=(0.0, 0.0), detected_from=-9.0, absent_to=-10.0)
    judging = Judging(calibration=file, calibration_sha256=sure.write(file))
    (finding,) = load(replace(swapped, judging=judging)).detect(of(pair()))
    assert finding.verdict is Verdict.DETECTED
    marked = drawn(finding.evidence[0]) > 127
    halves = marked[:, :512].any(), marked[:, 512:].any()
    assert sorted(halves) == [False, True]
    assert 0.01 < marked.mean() < 0.05


def test_no_crowd_is_shown_whole(swapped: OwnCheckpoint) -> None:
    assert len(FaceFinder.load().find(crowd())) > MOST_FACES
    (finding,) = load(swapped).detect(of(crowd()))
    assert dict(finding.measurements)["faces.count"] > MOST_FACES == dict(finding.measurements)["faces.shown"]


def judged(checkpoint: OwnCheckpoint, file: Path, *, calibrated: bool, found: bool) -> OwnCheckpoint:
    """One that says the same of whatever it is shown."""
    low, high = (-10.0, -9.0) if found else (9.0, 10.0)
    if not calibrated:
        return replace(checkpoint, judging=Judging(absent_to=low, detected_from=high))
    digest = replace(KNOWN, log10_lrs=(0.0, 0.0), detected_from=high, absent_to=low).write(file)
    return replace(checkpoint, judging=Judging(calibration=file, calibration_sha256=digest))


def crowd() -> Pixels:
    return np.vstack([np.hstack([astronaut()[30:230, 130:330]] * 5)] * 4)


def sizes() -> Pixels:
    """A face, and the same at a quarter of its size."""
    small = np.asarray(cv2.resize(astronaut(), (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
    return np.hstack([np.vstack([small, np.zeros_like(small)]), astronaut()])


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("left_out", ["smaller than needed", "more than are shown"])
def test_a_face_that_was_not_shown_is_not_said_to_be_real(
    swapped: OwnCheckpoint, tmp_path: Path, left_out: str, calibrated: bool
) -> None:
    picture, least = (sizes(), 100) if left_out == "smaller than needed" else (crowd(), swapped.least_side)
    needing = replace(swapped, least_side=least)
    file = tmp_path / "known.json"
    (finding,) = load(judged(needing, file, calibrated=calibrated, found=False)).detect(of(picture))
    measured = dict(finding.measurements)
    assert measured["faces.shown"] < measured["faces.count"]
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("faces.unseen",))
    (found,) = load(judged(needing, file, calibrated=calibrated, found=True)).detect(of(picture))
    assert found.verdict is Verdict.DETECTED


@pytest.mark.parametrize("calibrated", [True, False])
def test_where_every_face_was_shown_there_is_a_verdict(
    swapped: OwnCheckpoint, tmp_path: Path, calibrated: bool
) -> None:
    (finding,) = load(judged(swapped, tmp_path / "known.json", calibrated=calibrated, found=False)).detect(of(pair()))
    assert finding.verdict is Verdict.NOT_DETECTED
    assert [dict(finding.measurements)[name] for name in ("faces.shown", "faces.count")] == [2, 2]


def test_crops_stay_within_the_picture() -> None:
    (face,) = FaceFinder.load().find(astronaut())
    for picture in (astronaut(), astronaut()[: face.top + face.height], astronaut()[:, face.left :]):
        made = crop(np.ascontiguousarray(picture), replace(face, left=min(face.left, picture.shape[1] - 1)), 2.0)
        assert min(made.shape[:2]) > 0
        assert max(made.shape[:2]) <= max(picture.shape[:2])


def test_what_it_is_shown_is_part_of_its_version_and_of_its_limits(swapped: OwnCheckpoint) -> None:
    whole = replace(swapped, crop="nothing")
    others = [whole, swapped, replace(swapped, margin=0.5)]
    assert len({OwnSource(each).version for each in others}) == 3
    assert OwnSource(replace(whole, margin=0.5)).version == OwnSource(whole).version
    assert {"faces.count", "faces.shown"} <= set(OwnSource(swapped).measures)
    assert "faces.count" not in OwnSource(whole).measures
    assert "faces" in OwnSource(swapped).limits


@pytest.mark.parametrize("name", ["MOST_FACES", "MOST_PIXELS", "LEAST_SIDE", "CASCADE"])
def test_which_faces_are_found_is_part_of_its_version_and_of_no_other(
    swapped: OwnCheckpoint, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole = replace(swapped, crop="nothing")
    before = OwnSource(swapped).version, OwnSource(whole).version
    monkeypatch.setattr(source, name, 7)
    assert OwnSource(swapped).version != before[0]
    assert OwnSource(whole).version == before[1]

"""Copied parts found and drawn on real photographs; look-alikes and untouched pictures left alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.media import Pixels
from detectors import copies, equalising, shifts
from detectors.base import Finding, Verdict
from detectors.copies import FAINT, MOVING, PLAIN, Copies, Copy
from detectors.copy_move import LEAST_KEYPOINTS, LEAST_SIDE, CopyMoveDetector
from tests.detectors.making import PHOTOGRAPHS, coded, drawn, media, photograph
from training.evaluation.forgeries import CopyMove, forge
from training.evaluation.look_alikes import page


def examine(data: bytes) -> Finding:
    return CopyMoveDetector().detect([media(data)])[0]


def forged(name: str, how: CopyMove) -> tuple[Pixels, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    return forge(photograph(name), how, np.random.default_rng(11))


@pytest.mark.parametrize("how", [CopyMove(0.08), CopyMove(0.1, 50.0, 1.2), CopyMove(0.1, -130.0, 0.85)], ids=str)
@pytest.mark.parametrize("name", ["stream", "colosseum"])
@pytest.mark.parametrize("quality", [75, 95])
def test_a_copied_part_is_found_and_drawn(name: str, how: CopyMove, quality: int) -> None:
    picture, truth = forged(name, how)
    finding = examine(coded(picture, "JPEG", quality=quality))
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == ("copy_move.region",)
    assert finding.probability is not None
    (mask,) = finding.evidence
    white = drawn(mask)
    assert white.shape == picture.shape[:2]
    assert set(np.unique(white)) == {0, 255}
    marked = np.asarray(white > 0)
    assert 2 * (marked & truth).sum() / (marked.sum() + truth.sum()) > 0.7


@pytest.mark.parametrize("name", sorted(path.stem for path in PHOTOGRAPHS.glob("*.jpg")))
def test_an_untouched_photograph_is_left_alone(name: str) -> None:
    finding = examine((PHOTOGRAPHS / f"{name}.jpg").read_bytes())
    assert finding.evidence == ()
    if name == "dogs":  # boards at the left edge nearly repeat along the frame
        assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("between",))
        return
    assert finding.verdict is Verdict.NOT_DETECTED
    assert finding.probability is not None


def test_a_blurred_look_alike_is_no_copy() -> None:
    """Other noise on a repeated outline: keypoints may match, pixels do not."""
    rng = np.random.default_rng(2)
    soft = np.asarray(cv2.GaussianBlur(rng.normal(0, 1, (60, 60)), (0, 0), 6))
    tile = 125 + 25 * soft / soft.std()
    wall = np.tile(tile, (6, 8)).astype(np.float32) + rng.normal(0, 35, (360, 480))
    picture = np.repeat(wall.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)
    assert examine(coded(picture)).verdict is Verdict.NOT_DETECTED


def test_small_and_plain_pictures_are_abstentions() -> None:
    small = examine(coded(photograph("stream")[: LEAST_SIDE - 1]))
    assert (small.verdict, small.codes) == (Verdict.ABSTAINED, ("picture.too_small",))
    gradient = np.repeat(np.linspace(0, 255, 400, dtype=np.uint8)[None, :, None], 300, axis=0).repeat(3, axis=2)
    plain = examine(coded(gradient))
    assert (plain.verdict, plain.codes) == (Verdict.ABSTAINED, ("picture.too_plain",))


def found(*strengths: float) -> Copies:
    """As if each search had found one repetition of that strength."""
    place = np.zeros((LEAST_SIDE, LEAST_SIDE), np.bool_)
    limits = (PLAIN.strong, MOVING.strong, FAINT.strong)
    each = [
        (Copy(place, place, value, value >= limit, "Alike."),) for value, limit in zip(strengths, limits, strict=True)
    ]
    return Copies(LEAST_KEYPOINTS, *each)


@pytest.mark.parametrize(
    ("strengths", "verdict"),
    [
        ((0.9, 0.0, 0.0), Verdict.NOT_DETECTED),
        ((0.0, 0.1, 0.0), Verdict.NOT_DETECTED),
        ((0.0, 0.0, 0.27), Verdict.NOT_DETECTED),
        ((0.91, 0.0, 0.0), Verdict.ABSTAINED),
        ((0.0, 0.19, 0.0), Verdict.ABSTAINED),
        ((0.0, 0.0, 1.19), Verdict.ABSTAINED),
        ((1.0, 0.1, 0.5), Verdict.ABSTAINED),
        ((1.4, 0.0, 0.0), Verdict.DETECTED),
        ((0.0, 0.2, 0.0), Verdict.DETECTED),
        ((0.0, 0.0, 1.2), Verdict.DETECTED),
    ],
    ids=str,
)
def test_verdict_and_probability_agree(
    strengths: tuple[float, float, float], verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("detectors.copy_move.search", lambda *_: found(*strengths))
    finding = examine(coded(np.zeros((LEAST_SIDE, LEAST_SIDE, 3), np.uint8)))
    assert finding.verdict is verdict
    if verdict is Verdict.ABSTAINED:
        assert (finding.codes, finding.probability) == (("between",), None)
        return
    assert finding.probability is not None
    assert (finding.probability > 0.5) is (verdict is Verdict.DETECTED)


def test_a_page_whose_lines_nearly_repeat_is_an_abstention() -> None:
    finding = examine(coded(page(np.random.default_rng(4)), "JPEG", quality=80))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("between",))


def test_every_number_that_decides_is_in_the_version() -> None:
    """Those beside the settings: named constants of the modules that search."""
    numbers = {
        value
        for module in (copies, shifts, equalising)
        for name, value in vars(module).items()
        if name.startswith("_") and name.isupper() and isinstance(value, int | float)
    }
    assert numbers == set(copies.CONSTANTS)


def test_the_version_follows_the_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    before = CopyMoveDetector().version
    monkeypatch.setattr("detectors.copy_move.CONSTANTS", copies.CONSTANTS[1:])
    assert CopyMoveDetector().version != before

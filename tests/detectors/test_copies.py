"""The three searches: which finds what, in which order they are asked, and what none of them takes for a copy."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.media import Pixels
from detectors.base import Verdict
from detectors.copies import FAINT, MOVING, PLAIN, Copies, Settings, search, turned
from detectors.copy_move import CopyMoveDetector
from detectors.self_similarity import Repetition
from tests.detectors.making import coded, drawn, media, photograph
from training.evaluation.forgeries import CopyMove, forge, from_jpeg, to_jpeg

PLAINLY, TURNED = CopyMove(0.1), CopyMove(0.1, 40.0, 1.1)


def soft(seed: int) -> Pixels:
    """A sky with clouds of two grey levels, under noise of one: no keypoints that anything could rest on."""
    rng = np.random.default_rng(seed)
    clouds = cv2.GaussianBlur(rng.normal(0, 1, (480, 640)), (0, 0), 4)
    grey = np.linspace(90, 180, 480)[:, None] + 2 * clouds / clouds.std() + rng.normal(0, 1, (480, 640))
    return np.repeat(grey.clip(0, 255).round().astype(np.uint8)[..., None], 3, axis=2)


def found_in(pixels: Pixels, quality: int) -> Copies:
    return search(from_jpeg(to_jpeg(pixels, quality)), Settings())


@pytest.mark.parametrize("quality", [85, 95])
@pytest.mark.parametrize(("how", "by"), [(PLAINLY, "moved"), (TURNED, "faint")])
def test_a_copied_cloud_is_found_where_keypoints_are_not_enough(how: CopyMove, by: str, quality: int) -> None:
    picture, truth = forge(soft(1), how, np.random.default_rng(2))
    found = found_in(picture, quality)
    assert found.strengths[0] < PLAIN.strong
    assert found.convincing == [each for each in getattr(found, by) if each.convincing] != []
    finding = CopyMoveDetector().detect([media(coded(picture, "JPEG", quality=quality))])[0]
    assert finding.verdict is Verdict.DETECTED
    assert ("noise" in finding.explanation) is (by == "moved")
    marked = np.asarray(drawn(finding.evidence[0]) > 0)
    assert 2 * (marked & truth).sum() / (marked.sum() + truth.sum()) > 0.6


@pytest.mark.parametrize("quality", [75, 85, 95])
def test_an_untouched_sky_is_left_alone(quality: int) -> None:
    found = found_in(soft(3), quality)
    assert found.convincing == []
    limits = (PLAIN.strong, MOVING.strong, FAINT.strong)
    assert all(value < limit for value, limit in zip(found.strengths, limits, strict=True))


def test_later_searches_are_asked_only_while_nothing_is_found() -> None:
    picture, _ = forge(photograph("stream"), PLAINLY, np.random.default_rng(11))
    found = found_in(picture, 90)
    assert [each.convincing for each in found.plain].count(True) > 0
    assert (found.moved, found.faint) == ((), ())


@given(st.integers(-180, 180), st.floats(0.5, 2.0), st.integers(-400, 400), st.integers(-400, 400))
def test_what_is_merely_moved_or_turned_by_quarters_is_not_for_equalised_keypoints(
    angle: int, scale: float, right: int, down: int
) -> None:
    matrix = np.asarray(cv2.getRotationMatrix2D((0, 0), angle, scale), np.float64)
    matrix[:, 2] = right, down
    points = np.zeros((4, 2), np.float32)
    off = min(angle % 90, 90 - angle % 90)
    if abs(off - 5) > 0.1 and min(abs(scale - 1.2), abs(scale - 1 / 1.2)) > 0.01:
        assert turned(Repetition(points, points, matrix)) is (off > 5 or not 1 / 1.2 < scale < 1.2)


def test_what_is_sheared_was_not_copied() -> None:
    points = np.zeros((4, 2), np.float32)
    matrix = np.asarray(cv2.getRotationMatrix2D((0, 0), 40, 1.0), np.float64)
    assert turned(Repetition(points, points, matrix))
    matrix[:, 0] *= 1.5
    assert not turned(Repetition(points, points, matrix))

"""What is made of what detectors say: nothing is dropped, and what was not read is undecided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.base import Verdict
from detectors.catalog import build
from detectors.hash_list import HashList
from detectors.verdicts.calibration import Calibration
from tests.detectors.making import coded, halved, media
from tests.detectors.verdicts.readers import REDNESS
from tests.training.evaluation.detecting.making import Marking, Reddish, plain
from training.evaluation.detecting.looking import Sample, even, look, nothing
from training.evaluation.detecting.masks import overlap
from training.evaluation.detecting.tasks import ELSEWHERE, TASKS, chosen


def sample(red: float, height: int = 60, width: int = 80) -> Sample:
    return Sample(media(coded(plain(red, 1, height, width))))


def test_a_reading_ranks_also_where_the_detector_abstains() -> None:
    low, between, high = look(Reddish(), [sample(0.1), sample(0.55), sample(0.9)])
    assert low.rank < between.rank < high.rank
    assert [each.verdict for each in (low, between, high)] == [
        Verdict.NOT_DETECTED,
        Verdict.ABSTAINED,
        Verdict.DETECTED,
    ]
    assert low.ratio == -1.0
    assert between.ratio is not None
    assert 0 < between.ratio < 1


def test_what_cannot_be_read_is_undecided() -> None:
    detector = Reddish()
    dark, small = look(detector, [sample(-1.0), sample(0.9, height=20)])
    for each in (dark, small, nothing(detector)):
        assert (each.rank, each.ratio, each.verdict) == (0.5, 0.0, Verdict.ABSTAINED)
        assert not each.read
    assert detector.asked == [1]  # the small one was never asked about


def test_the_company_in_a_batch_makes_no_difference() -> None:
    samples = [sample(red) for red in (-1.0, 0.2, 0.7, 0.9)]
    assert look(Reddish(), samples) == [look(Reddish(), [each])[0] for each in samples]


# As fits round scores and ratios: between numbers that only their last bits tell apart nothing can be interpolated.
SCORES, RATIOS = (st.floats(-end, end).map(lambda each: round(each, 4)) for end in (5, 2))


@given(st.lists(st.tuples(SCORES, RATIOS), min_size=1, max_size=8))
def test_at_the_even_score_no_ratio_is_nearer_to_even(pairs: list[tuple[float, float]]) -> None:
    knots, ratios = (tuple(sorted(each)) for each in zip(*pairs, strict=True))
    knots, ratios = (-6.0, *knots, 6.0), (-2.0, *ratios, 2.0)
    calibration = replace(REDNESS, knots=knots, log10_lrs=ratios, photographs=1000, detected_from=1e9, absent_to=-1e9)
    here = abs(np.interp(even(calibration), knots, ratios))
    if len(set(knots)) == len(knots):  # two ratios at one score have no middle
        assert here <= min(abs(ratio) for ratio in ratios) + 1e-9


def test_even_in_the_middle_of_a_plateau() -> None:
    flat: Calibration = replace(REDNESS, knots=(0.0, 0.2, 0.6, 1.0), log10_lrs=(-1.0, 0.0, 0.0, 1.0))
    assert even(flat) == pytest.approx(0.4)


def test_findings_without_readings_rank_by_their_ratio_or_their_verdict() -> None:
    detectors = {each.name: each for each in build(HashList())}
    (photo,) = look(detectors["copy_move"], [Sample(media(coded(halved("crab"), "JPEG", quality=90)))])
    assert photo.ratio == photo.rank < 0
    (small,) = look(detectors["copy_move"], [sample(0.5)])
    assert (small.rank, small.ratio, small.read) == (0.0, None, False)
    (silent,) = look(detectors["metadata"], [sample(0.5)])
    assert (silent.rank, silent.ratio, silent.verdict) == (-1.0, None, Verdict.NOT_DETECTED)


def test_a_map_is_laid_over_the_mask() -> None:
    pixels = plain(0.2, 3)
    pixels[10:30, 20:60, 0] = 255
    mask = np.zeros((60, 80), bool)
    mask[10:30, 20:60] = True
    (found,) = look(Marking(), [Sample(media(coded(pixels)), mask)])
    assert found.overlap is not None
    assert (found.overlap.f1, found.overlap.iou) == (1.0, 1.0)
    (missed,) = look(Marking(), [Sample(media(coded(plain(0.2, 3))), mask)])
    assert missed.overlap is not None
    assert missed.overlap.f1 == 0


def test_overlaps_as_they_are_defined() -> None:
    mask = np.zeros((40, 40), bool)
    mask[:20] = True
    half = np.zeros((40, 40), np.float32)
    half[:20, :20] = 1
    assert overlap(half, mask).f1 == pytest.approx(2 / 3)
    assert overlap(half, mask).iou == pytest.approx(1 / 2)
    everything = overlap(np.ones((4, 4), np.float32), mask)
    assert everything.f1 == pytest.approx(everything.everything) == pytest.approx(2 / 3)
    assert overlap(None, mask).f1 == 0
    assert overlap(np.full((8, 8), np.nan, np.float32), mask).f1 == 0


def test_every_detector_of_pictures_is_measured_here_or_said_where() -> None:
    pictures = {each.name for each in build(HashList()) if "image" in each.kinds}
    assert pictures - set(TASKS) - set(ELSEWHERE) == set()
    assert not set(TASKS) & set(ELSEWHERE)
    assert [each.name for each in chosen(build(HashList()), ["copy_move"])] == ["copy_move"]

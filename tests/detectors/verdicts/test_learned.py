"""How a score becomes a finding."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.media import Media
from detectors.base import Verdict
from detectors.verdicts.learned import Reading
from tests.detectors.making import coded, drawn, media
from tests.detectors.test_contract import ODD, check, odd
from tests.detectors.verdicts.readers import ORDINARY, REDNESS, Redness


def red(level: int, side: int = 64) -> Media:
    pixels = np.zeros((side, side, 3), np.uint8)
    pixels[..., 0] = level
    return media(coded(pixels, "JPEG", quality=90))


def test_a_detection_carries_all_that_was_promised() -> None:
    (finding,) = Redness(ORDINARY).detect([red(200)])
    assert finding.verdict is Verdict.DETECTED
    assert finding.score == pytest.approx(200 / 255, abs=0.02)
    assert finding.probability is not None
    assert finding.probability > 0.8
    assert (finding.calibration, finding.fpr_at_threshold) == (REDNESS.digest, REDNESS.fpr)
    assert finding.codes == ("redness.seen",)
    names = "fpr_high fpr_low outlying quality.jpeg quality.long_side quality.noise quality.sharpness"
    assert [name for name, _ in finding.measurements] == [*names.split(), "quality.short_side", "redness.most"]
    assert dict(finding.measurements)["quality.jpeg"] == 90
    (mask,) = finding.evidence
    assert drawn(mask).shape == (64, 64)


def test_between_the_limits_it_abstains_and_still_says_how_good_the_picture_was() -> None:
    (finding,) = Redness().detect([red(128)])
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("between",))
    assert (finding.probability, finding.log10_lr, finding.score) == (None, None, None)
    assert dict(finding.measurements)["quality.short_side"] == 64


def test_below_the_lower_limit_it_is_not_detected_without_evidence() -> None:
    (finding,) = Redness().detect([red(20)])
    assert (finding.verdict, finding.explanation, finding.evidence) == (Verdict.NOT_DETECTED, Redness.unseen, ())


def test_what_is_unlike_the_known_is_not_judged() -> None:
    (finding,) = Redness(replace(ORDINARY, limit=0.1)).detect([red(250)])
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("outlying",))
    assert dict(finding.measurements)["outlying"] > 1


@pytest.mark.parametrize("features", [[np.nan, 0.0], [np.inf, 0.0]])
def test_features_without_a_number_are_infinitely_far_and_the_figure_is_finite(features: list[float]) -> None:
    reading = Reading(0.9, features=np.array(features, np.float32))
    finding = Redness(ORDINARY).conclude(red(200), reading)
    assert finding.codes == ("outlying",)
    assert np.isfinite(dict(finding.measurements)["outlying"])


@pytest.mark.parametrize("score", [np.nan, np.inf, -np.inf])
def test_a_network_without_a_number_abstains(score: float) -> None:
    finding = Redness().conclude(red(200), Reading(score))
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("score.not_finite",))


def test_what_cannot_be_read_says_why() -> None:
    (finding,) = Redness().detect([red(0)])
    assert (finding.explanation, finding.codes) == ("There is no light.", ("redness.dark",))


def test_pictures_below_the_receptive_field_are_not_read() -> None:
    detector = Redness()
    findings = detector.detect([red(200, 31), red(200, 32), red(200, 8)])
    assert [finding.codes for finding in findings] == [
        ("picture.too_small",),
        ("redness.seen",),
        ("picture.too_small",),
    ]
    assert detector.asked == [1]
    assert "31 pixels, 32 needed" in findings[0].explanation
    assert Redness().detect([]) == []


def test_the_version_follows_weights_calibration_and_what_is_familiar() -> None:
    assert Redness().version == Redness().version
    assert len({Redness().version, Redness(ORDINARY).version, Redness(replace(ORDINARY, limit=9.0)).version}) == 3


@pytest.mark.parametrize("what", ODD)
def test_odd_media_never_raise(what: str) -> None:
    item = odd(what)
    detector = Redness(ORDINARY)
    for finding in detector.detect([item] if item.kind in detector.kinds else []):
        check(finding, detector)
        if min(item.frames()[0].pixels.shape[:2]) < detector.least_side:
            assert finding.verdict is Verdict.ABSTAINED

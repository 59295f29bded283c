"""Controls pass where nothing is to be found, and catch whoever finds it all the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.errors import InvalidInput
from core.media import Media, Pixels
from detectors.base import Detector
from detectors.catalog import build
from detectors.hash_list import HashList
from detectors.verdicts.learned import LearnedDetector
from tests.detectors.making import halved, media
from training.evaluation.detecting import controls
from training.evaluation.detecting.baselines import of_mean_colour, of_size_and_format, out_of_fold
from training.evaluation.detecting.controls import Scorer
from training.evaluation.detecting.deliveries import file_of
from training.evaluation.detecting.looking import Sample, look
from training.evaluation.detecting.normal import normal
from training.evaluation.detecting.passes import facts_of
from training.evaluation.detecting.ranking import auc

NAMES = ("colosseum", "crab", "crocodile", "dandelion", "dogs", "fig", "jaguars", "mountains", "stream")
# `jpeg_history` is for what the controls forbid: it tells how a file was coded.
BLIND = [
    each for each in build(HashList()) if each.name in ("copy_move", "metadata") or isinstance(each, LearnedDetector)
]


@pytest.fixture(scope="module")
def photographs() -> list[Pixels]:
    return [halved(name)[:300, :400] for name in NAMES]


def scorer(detector: Detector) -> Scorer:
    return lambda batch: [each.rank for each in look(detector, [Sample(one) for one in batch])]


def brightness(batch: Sequence[Media]) -> list[float]:
    """Honest: the picture decides."""
    return [float(each.frames()[0].pixels.mean().round()) for each in batch]


def blockiness(batch: Sequence[Media]) -> list[float]:
    """Cheats: steps are larger where the blocks of a JPEG meet."""
    found = []
    for each in batch:
        steps = np.abs(np.diff(each.frames()[0].pixels.astype(float).mean(axis=2), axis=1)).mean(axis=0)
        found.append(float(steps[7::8].mean() / steps.mean()))
    return found


def formats(batch: Sequence[Media]) -> list[float]:
    """Cheats: generated pictures are PNG."""
    return [float(each.mime == "image/png") for each in batch]


@pytest.mark.parametrize("detector", BLIND, ids=lambda each: each.name)
def test_detectors_of_the_catalog_do_not_see_the_encoding(detector: Detector, photographs: list[Pixels]) -> None:
    half = len(photographs) // 2
    again = controls.recoded(scorer(detector), photographs, media)
    moved = controls.swapped(scorer(detector), photographs[:half], photographs[half:], media)
    assert again.passed, again
    assert moved.passed, moved


def test_who_sees_the_encoding_is_caught(photographs: list[Pixels]) -> None:
    assert controls.recoded(brightness, photographs, media).passed
    assert not controls.recoded(blockiness, photographs, media).passed
    assert not controls.recoded(lambda batch: [-one for one in blockiness(batch)], photographs, media).passed


def test_who_sees_the_format_is_caught(photographs: list[Pixels]) -> None:
    real, made = photographs[:4], photographs[4:]
    assert controls.swapped(brightness, real, made, media).passed
    assert controls.swapped(blockiness, real, made, media).passed  # the losses of JPEG are in both
    caught = controls.swapped(formats, real, made, media)
    assert caught.found == 1.0
    assert not caught.passed


def test_who_was_told_the_truth_is_caught() -> None:
    features = np.random.default_rng(3).normal(size=(60, 12))
    truth = np.arange(60) % 2 == 0
    names = [str(number) for number in range(60)]

    def in_sample(labels: np.ndarray) -> float:
        centre = features[labels].mean(axis=0) - features[~labels].mean(axis=0)
        return auc(features @ centre, labels)

    honest = controls.shuffled(lambda labels: auc(out_of_fold(features, labels, names), labels), truth)
    cheating = controls.shuffled(in_sample, truth)
    assert honest.passed, honest
    assert cheating.found > 0.2
    assert not cheating.passed


def test_sizes_leak_before_the_normal_form_and_not_after() -> None:
    rng = np.random.default_rng(2)
    truth = np.arange(40) % 2 == 0
    names = [str(number) for number in range(40)]
    sizes = [(256, 256) if positive else (300, int(rng.integers(310, 420))) for positive in truth]
    pictures = [rng.integers(0, 256, (*size, 3)).astype(np.uint8) for size in sizes]

    def features(files: Sequence[bytes]) -> np.ndarray:
        return np.array([of_size_and_format(facts_of(media(file))) for file in files])

    leaking = controls.size_only(features([file_of(each) for each in pictures]), truth, names)
    sealed = controls.size_only(features([normal(each) for each in pictures]), truth, names)
    assert not leaking.passed
    assert sealed.passed


def test_a_colour_cast_is_no_matter_of_size() -> None:
    """The same control on mean colours is what tells a set of greenish fakes."""
    truth = np.arange(40) % 2 == 0
    files = [np.full((40, 40, 3), (90, 140 if positive else 100, 90), np.uint8) for positive in truth]
    rng = np.random.default_rng(1)
    noisy = [np.clip(each + rng.integers(-9, 9, each.shape), 0, 255).astype(np.uint8) for each in files]
    features = np.array([of_mean_colour(facts_of(media(normal(each)))) for each in noisy])
    assert not controls.size_only(features, truth, [str(number) for number in range(40)]).passed


def test_controls_refuse_what_they_cannot_decide(photographs: list[Pixels]) -> None:
    with pytest.raises(InvalidInput, match="needs 2"):
        controls.recoded(brightness, photographs[:1], media)
    with pytest.raises(InvalidInput, match="needs 2"):
        controls.swapped(brightness, photographs, photographs[:1], media)
    with pytest.raises(InvalidInput, match="needs 1"):
        controls.shuffled(lambda _: 0.5, np.ones(4, bool))
    assert not controls.Control("not computed", float("nan"), 1.0).passed

"""What `generated_image` says, with and without what CLIP sees, and what it refuses to be made of."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.errors import ConfigurationError, IntegrityError
from core.weights import read_manifest
from detectors.base import Verdict
from detectors.catalog import WEIGHTS, build, tower_of
from detectors.generated.detector import NAME, WITH_TOWER, Branches, GeneratedDetector
from detectors.generated.probe import Probe
from detectors.hash_list import HashList
from detectors.verdicts.learned import Reading
from tests.detectors.making import coded, halved, media

PINNED = read_manifest(WEIGHTS)


@cache
def detector(seeing: bool) -> GeneratedDetector:
    return GeneratedDetector.load(PINNED, tower_of() if seeing else None)


@pytest.mark.parametrize(("seeing", "branches"), [(False, {"statistics"}), (True, {"semantic", "statistics"})])
def test_every_branch_stands_in_the_finding(seeing: bool, branches: set[str]) -> None:
    (finding,) = detector(seeing).detect([media(coded(halved("stream"), "JPEG", quality=90))])
    measured = dict(finding.measurements)
    assert {name for name in measured if not name.startswith(("quality.", "fpr_"))} == branches | {"outlying"}
    assert measured["outlying"] < 1


@pytest.mark.parametrize("name", ["stream", "crab", "fig", "dogs"])
def test_no_photograph_of_ours_is_taken_for_generated(name: str) -> None:
    (finding,) = detector(True).detect([media(coded(halved(name), "JPEG", quality=85))])
    assert finding.verdict is not Verdict.DETECTED


def test_it_says_what_decided() -> None:
    made = detector(True)
    picture = media(coded(halved("stream")))
    spoken = {"semantic": 0.5, "statistics": -1.0}
    finding = made.conclude(picture, Reading(9.0, measurements=tuple(spoken.items())))
    assert finding.verdict is Verdict.DETECTED
    assert finding.explanation == "The picture is more like those of generators, most of all by what it shows and how."
    assert finding.probability is not None
    assert finding.probability > 0.9
    both = Branches(made.branches.probes, _fusion(1.0, 1.0), made.branches.familiar, made.branches.tower)
    against = GeneratedDetector(PINNED[WITH_TOWER], both).conclude(
        picture, Reading(-9.0, measurements=tuple(spoken.items()))
    )
    assert against.explanation == (
        "The picture is more like those that people took or drew, most of all by the figures of its pixels; "
        "what it shows and how speaks against it."
    )


def test_a_plain_picture_is_not_judged() -> None:
    (finding,) = detector(False).detect([media(coded(np.full((90, 90, 3), 77, np.uint8)))])
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("picture.too_plain",))


def test_the_two_are_two_versions() -> None:
    versions = {detector(False).version, detector(True).version}
    assert len(versions) == 2
    assert build(HashList()).get(NAME).version == detector(False).version
    assert build(HashList(), (), tower_of()).get(NAME).version == detector(True).version


def test_weights_and_tower_go_together() -> None:
    with pytest.raises(ConfigurationError, match="go together"):
        Branches.of(PINNED[WITH_TOWER], None)
    with pytest.raises(ConfigurationError, match="go together"):
        Branches.of(PINNED[NAME], tower_of())
    with pytest.raises(ConfigurationError, match="lacks branches"):
        Branches.of(replace(PINNED[NAME], parameters={"branches": ["nose"]}))


def test_a_probe_that_does_not_fit_together_is_refused() -> None:
    tensors = _fusion(1.0).tensors("a")
    assert Probe.of(tensors, "a").log_odds(np.array([2.0])) == 2.0
    with pytest.raises(IntegrityError, match=r"lack b\.mean"):
        Probe.of(tensors, "b")
    with pytest.raises(IntegrityError, match="'a' do not fit"):
        Probe.of(tensors | {"a.mean": np.zeros(3, np.float32)}, "a")
    with pytest.raises(ValueError, match="shape"):
        Probe.of(tensors, "a").log_odds(np.zeros(2))


def _fusion(*weights: float) -> Probe:
    return Probe(np.zeros(len(weights), np.float32), np.array(weights, np.float32), 0.0)

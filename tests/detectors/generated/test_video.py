"""What `generated_video` says of real coded films of photographs, and where it cannot see."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from core.weights import read_manifest
from detectors.base import Detector, Finding, Verdict
from detectors.catalog import WEIGHTS, build, tower_of
from detectors.generated.video import NAME, NO_TOWER, generated_video
from detectors.hash_list import HashList
from tests.detectors.making import media, photograph
from training.evaluation.filming.files import H264, VP9, Codec
from training.evaluation.filming.stills import Coding, film_of, shot_of, size_of

TOWER = tower_of()


@cache
def detector(seeing: bool) -> Detector:
    return generated_video(read_manifest(WEIGHTS), TOWER if seeing else None)


def examine(codec: Codec, *names: str, seeing: bool = True) -> Finding:
    rng = np.random.default_rng(5)
    scenes = [photograph(name) for name in names]
    size = size_of(scenes, rng)
    data = film_of([shot_of(each, size, 12, rng) for each in scenes], Coding(codec, 30))
    return detector(seeing).detect([media(data)])[0]


@pytest.mark.skipif(TOWER is None, reason="the extra clip is not installed")
@pytest.mark.parametrize("codec", [H264, VP9], ids=lambda codec: codec.name)
def test_a_film_of_photographs_is_not_taken_for_generated_and_every_shot_is_told(codec: Codec) -> None:
    finding = examine(codec, "stream", "crab")
    assert finding.verdict is not Verdict.DETECTED
    measured = dict(finding.measurements)
    assert (measured["film.shots"], measured["frames.abstained"]) == (2, 0)
    assert measured["frames.judged"] <= 4
    assert len(finding.evidence[0].data.decode().splitlines()) == 2
    assert "consistency.flicker" in measured


def test_without_the_tower_nobody_looked() -> None:
    finding = examine(H264, "stream", seeing=False)
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, (NO_TOWER,))
    assert build(HashList()).get(NAME).version == detector(False).version


@pytest.mark.skipif(TOWER is None, reason="the extra clip is not installed")
def test_with_the_tower_it_is_another_version() -> None:
    assert build(HashList(), (), TOWER).get(NAME).version == detector(True).version != detector(False).version

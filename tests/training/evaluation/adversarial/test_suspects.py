"""What is attacked is what is served: the score that has a gradient is the score that verdicts are given by."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.media import Pixels
from core.weights import read_manifest
from detectors.base import Verdict
from detectors.generated.artefact import NAME as BRANCH
from detectors.generated.artefact import ArtefactBranch
from detectors.generated.detector import GeneratedDetector
from detectors.generated.network import ArtefactNetwork, ArtefactSpec
from detectors.manipulation.detector import MANIFEST, NAME
from detectors.manipulation.localiser import Localiser
from detectors.manipulation.network import ManipulationNetwork
from detectors.manipulation.unet import Shape
from tests.detectors.making import halved
from tests.training.conftest import textured
from tests.training.forensics.scripted.making import pairs, rebuild
from training.evaluation.adversarial import material
from training.evaluation.adversarial.__main__ import attacked, attacks_on
from training.evaluation.adversarial.attacking import Score, descended
from training.evaluation.adversarial.figures import counted
from training.evaluation.adversarial.suspects import (
    Case,
    Said,
    Suspect,
    judge_of_branch,
    score_of_branch,
    score_of_localiser,
)


def asked(score: Score, pixels: Pixels) -> float:
    return float(score(torch.from_numpy(np.moveaxis(pixels, 2, 0)[None].astype(np.float32))))


def branch() -> ArtefactBranch:
    torch.manual_seed(1)
    network = ArtefactNetwork(ArtefactSpec((16, 16, 16), (1, 1, 1), 4)).eval().requires_grad_(False)
    return ArtefactBranch(network, torch.device("cpu"), "0" * 64, 2)


def localiser() -> tuple[ManipulationNetwork, Localiser]:
    torch.manual_seed(1)
    network = ManipulationNetwork(Shape((32, 32), 1)).eval()
    return network, Localiser(network, torch.device("cpu"), half=False)


@pytest.mark.parametrize("side", [96, 240])
def test_the_branch_is_attacked_by_the_score_that_it_gives(side: int) -> None:
    looking, pixels = branch(), textured(3, side)
    ((score, _),) = looking.read([pixels])
    assert asked(score_of_branch(looking.network, looking.most), pixels) == pytest.approx(score, abs=1e-4)


def test_the_localiser_is_attacked_by_the_score_that_it_gives() -> None:
    network, looking = localiser()
    pixels = textured(3, 128)
    assert asked(score_of_localiser(network, half=False), pixels) == pytest.approx(looking.look(pixels).score, abs=1e-4)


def test_traces_have_a_gradient_for_whoever_asks_and_keep_nothing_for_others() -> None:
    network, looking = localiser()
    pixels = textured(3, 128)
    for towards in (-1, 1):
        after = descended(score_of_localiser(network, half=False), pixels, towards, 4, 3)
        assert towards * (looking.look(after).score - looking.look(pixels).score) > 0
    assert not network.traces(torch.zeros(1, 3, 64, 64)).requires_grad


def tiny() -> Suspect:
    looking = branch()
    cases = [
        Case(each, truth, str(seed))
        for seed in range(3)
        for each, truth in ((rebuild(textured(seed, 64)), True), (textured(seed, 64), False))
    ]
    score = score_of_branch(looking.network, looking.most)
    return Suspect("tiny", "sha256:0", cases, judge_of_branch(looking), score)


def test_every_attack_has_a_row_beside_that_without_one() -> None:
    suspect = tiny()
    found = attacked(suspect, attacks_on(suspect, rebuild, 2))
    attacks = ["none", "noise 2/255", "noise 4/255", "PGD 2/255", "PGD 4/255", "through a decoder"]
    assert [*found.rows] == attacks
    assert found.pictures == (3, 3)
    untouched = found.rows["none"]
    assert untouched.psnr is None
    assert untouched.flipped.value == 0
    assert [row.psnr is None or row.psnr > 20 for row in found.rows.values()] == [True] * 6
    # Each class is led over to the other's side, so that the ranks can only be worse.
    assert found.rows["PGD 4/255"].auc.value <= untouched.auc.value
    assert json.loads(json.dumps(asdict(found)))["rows"]["PGD 2/255"]["auc"]["count"] == 6
    assert len(found.sheet().rows) == 6


def test_flips_are_counted_and_an_abstention_is_none() -> None:
    yes, no, unsure = Verdict.DETECTED, Verdict.NOT_DETECTED, Verdict.ABSTAINED
    verdicts = iter([yes, yes, no, no, no, unsure, yes, no])

    def judge(_: Pixels) -> Said:
        return Said(0.0, next(verdicts))

    cases = [Case(textured(at, 32), at < 2, str(at)) for at in range(4)]
    suspect = Suspect("drawn", "", cases, judge)
    row = attacked(suspect, {"none": lambda case: case.pixels, "all": lambda case: case.pixels}).rows["all"]
    assert row.auc.value == 0.5
    assert (row.flipped.value, row.abstained.value, row.detected.value, row.alarmed.value) == (0.5, 0.25, 0.0, 0.5)


def test_a_few_pictures_prove_little_also_where_all_of_them_agree() -> None:
    cases = [Case(textured(at, 32), truth, str(at)) for at in range(6) for truth in (True, False)]
    said = [Said(float(case.truth), Verdict.ABSTAINED) for case in cases]
    area = counted(cases, said, said, None).auc
    assert (area.value, area.high) == (1.0, 1.0)
    assert 0.5 < area.low < 0.7


def test_what_ships_can_be_attacked(tmp_path: Path) -> None:
    """One picture of each class, with one step: whether it works, and not how well."""
    weights = read_manifest(MANIFEST)
    shown = {"mountains": halved("mountains")[:128, :128]}
    suspects = [material.manipulation(weights[NAME], pairs(128), 1), material.branch(weights[BRANCH], shown, rebuild)]
    file = tmp_path / "made.png"
    Image.fromarray(textured(3, 400)).save(file)
    row = f"made.png\tai\tsome\tme/mine\tMIT\t{sha256(file.read_bytes()).hexdigest()}"
    (tmp_path / "manifest.tsv").write_text(f"file\tlabel\tgenerator\trepo\tlicence\tsha256\n{row}\n")
    suspects.append(material.generated(GeneratedDetector.load(weights), shown, tmp_path, suspects[1]))
    for suspect in suspects:
        found = attacked(suspect, attacks_on(suspect, rebuild, 1))
        assert found.pictures == (1, 1)
        assert len(found.rows) == 6
    assert f"PGD 2/255 on {BRANCH}" in found.rows

"""The smoke profile of the localiser's training, from a batch to what ships and what a detector makes of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import ConfigurationError
from core.weights import read_manifest
from detectors.base import Verdict
from detectors.manipulation.detector import NAME, ManipulationDetector, read
from detectors.manipulation.localiser import Localiser
from detectors.verdicts.calibration import of_weights
from tests.detectors.making import coded, drawn, halved, media
from tests.training.forensics.scripted.making import disc, pairs, pieces, rebuild
from training.evaluation.manipulation import measured
from training.export import Training
from training.forensics.scripted.card import write_card
from training.forensics.scripted.export import samples
from training.forensics.scripted.operations import OPERATIONS, Materials
from training.forensics.scripted.refit import refit
from training.forensics.scripted.samples import Pairs
from training.harness.loop import Report
from training.manipulation import ManipulationPlan, main, run_training, served, ship, without
from training.recipe import file_digest, read_recipe
from training.run import Run

RECIPE = Path("training") / "recipes" / "detectors" / "manipulation.yaml"
MADE = Training("manipulation.yaml", "sha256:0", "photographs.tsv", "sha256:1", 4, 4, 60)


def smoke(folder: Path) -> Run[ManipulationPlan]:
    return Run(read_recipe(RECIPE, ManipulationPlan, "smoke"), file_digest(RECIPE), folder)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights of a network that has hardly learned."""
    folder = tmp_path_factory.mktemp("weights")
    run = smoke(folder)
    state = run_training(run, pairs(run.recipe.side))
    hosts = pieces(34, 100)
    few = Pairs(hosts, Materials(hosts, [disc()], rebuild), 64, 5)
    ship(run.recipe, state, MADE, few, folder)
    return folder


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    class Interrupted(Exception):
        """Somebody pulled the plug."""

    def pull(report: Report) -> None:
        if report.step == 2:
            raise Interrupted

    whole = run_training(smoke(tmp_path / "whole"), pairs(128))
    with pytest.raises(Interrupted):
        run_training(smoke(tmp_path / "half"), pairs(128), report=pull)
    resumed = run_training(smoke(tmp_path / "half"), pairs(128), resume=True)
    assert resumed.step == whole.step == 4
    for name, value in whole.average.state_dict().items():
        assert torch.equal(resumed.average.state_dict()[name], value), name


def test_what_ships_is_what_was_trained(shipped: Path) -> None:
    run = smoke(shipped)
    state = run_training(run, pairs(run.recipe.side), resume=True)
    network, _ = read(read_manifest(shipped / "weights.toml")[NAME])
    for name, value in served(run.recipe, state).state_dict().items():
        assert torch.equal(value, network.state_dict()[name]), name


def test_the_detector_says_something_of_every_size(shipped: Path) -> None:
    chosen = ManipulationDetector.load(read_manifest(shipped / "weights.toml")[NAME], device="cpu")
    sizes = ((128, 128), (130, 257), (400, 700), (100, 300))
    batch = [media(coded(np.ascontiguousarray(np.resize(halved("crab"), (*size, 3))))) for size in sizes]
    found = chosen.detect(batch)
    assert found[3].verdict is Verdict.ABSTAINED
    assert found[3].codes == ("picture.too_small",)
    assert found == [finding for item in batch for finding in chosen.detect([item])]
    for finding, size in zip(found, sizes, strict=True):
        for evidence in finding.evidence:
            assert drawn(evidence).shape == size


def test_figures_cover_every_operation_and_baseline(shipped: Path) -> None:
    pinned = read_manifest(shipped / "weights.toml")[NAME]
    chosen = ManipulationDetector.load(pinned, device="cpu")
    network, familiar = read(pinned)
    seen = list(samples(Localiser(network, torch.device("cpu")), pairs(64), 1))
    found = measured(seen, chosen.calibration, familiar, 0.5)
    assert set(found["methods"]) == {"network", "error levels", "noise levels", "everything"}
    assert {*OPERATIONS, "untouched", "whole"} == set(found["verdicts"])
    card = write_card({"weights": pinned.sha256, **found}, shipped).read_text()
    assert all(f"| {name} |" in card for name in OPERATIONS)
    with pytest.raises(ConfigurationError, match="measured were the weights"):
        write_card({"weights": "other", **found}, shipped)
    everything = found["methods"]["everything"]
    assert everything["auc"]["all"] == 0.5
    assert 0 < everything["all"]["iou"] < everything["all"]["f1"] < 1


def test_a_calibration_is_fitted_anew_without_touching_the_weights(shipped: Path, tmp_path: Path) -> None:
    folder = tmp_path / "weights"
    shutil.copytree(shipped, folder)
    hosts = pieces(34, 100)
    found = refit(folder, Pairs(hosts, Materials(hosts, [disc()], rebuild), 64, 6), 1)
    before, after = (read_manifest(each / "weights.toml")[NAME] for each in (shipped, folder))
    assert after.sha256 == before.sha256
    assert of_weights(after) == found != of_weights(before)
    versions = {ManipulationDetector.load(each, device="cpu").version for each in (before, after)}
    assert len(versions) == 2


def test_an_operation_left_out_is_seen_by_nothing_but_the_measurement(tmp_path: Path) -> None:
    whole = smoke(tmp_path / "manipulation")
    run = without(whole, "splice")
    assert (run.recipe.name, run.folder) == ("manipulation_without_splice", tmp_path / "manipulation_without_splice")
    assert {*run.recipe.operations, "splice"} == {*OPERATIONS}
    few = pairs(run.recipe.side, operations=run.recipe.operations)
    state = run_training(run, few)
    assert run.checkpoint.is_file()
    assert not whole.folder.exists()
    localiser = Localiser(served(run.recipe, state), torch.device("cpu"))
    one = Pairs(few.hosts[:1], few.materials, 64, 5, run.recipe.operations)
    assert {sample.kind for sample in samples(localiser, one, 1)} == {*run.recipe.operations, "untouched", "whole"}


@pytest.mark.parametrize("operation", ["magic", "splice"])
def test_only_one_operation_of_several_can_be_left_out(tmp_path: Path, operation: str) -> None:
    run = smoke(tmp_path / "manipulation")
    alone = replace(run, recipe=run.recipe.model_copy(update={"operations": ("splice",)}))
    with pytest.raises(ConfigurationError, match=f"{operation} cannot be left out"):
        without(alone, operation)


def test_what_never_saw_an_operation_does_not_ship(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["manipulation", str(RECIPE), "--leave-out", "splice", "--output", "detectors/weights"]
    monkeypatch.setattr("sys.argv", words)
    with pytest.raises(SystemExit):
        main()
    assert "does not ship" in capsys.readouterr().err


def test_an_unknown_operation_is_refused(tmp_path: Path) -> None:
    recipe = tmp_path / "wrong.yaml"
    recipe.write_text(RECIPE.read_text().replace("side: 160", "side: 160\noperations: [magic]"))
    with pytest.raises(ConfigurationError, match="magic"):
        read_recipe(recipe, ManipulationPlan)

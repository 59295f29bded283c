"""The smoke profile of the blend network's training, from a batch to what ships and what a detector makes of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch
from PIL import Image

from core.errors import ConfigurationError, InvalidInput
from core.weights import read_manifest
from detectors.blends.looker import MOST_PIXELS, Looker
from detectors.blends.weights import NAME, network_of
from detectors.faces.finder import FaceFinder
from detectors.manipulation import detector as manipulation
from detectors.manipulation.traces import STRIDE
from detectors.own.detector import OwnDetector
from detectors.own.loading import load
from detectors.verdicts.calibration import of_weights
from detectors.verdicts.running import Runner, runner_for
from server.own_detectors import OwnDetector as Table
from tests.detectors.making import coded, halved, media
from tests.detectors.test_contract import check
from tests.training.forensics.blended.making import many, pairs
from training.blend import BlendPlan, begun, run_training, served, ship, train_on_faces
from training.evaluation.blend import GROUPS, KNOWN, UNKNOWN, measured, squares, verdicts
from training.export import Training
from training.forensics.blended.card import write_card
from training.forensics.blended.export import wholes
from training.forensics.blended.faces import LEAST_PHOTOGRAPHS, open_faces
from training.harness.loop import Report
from training.recipe import file_digest, read_recipe
from training.run import Run

RECIPES = Path("training") / "recipes" / "detectors"
RECIPE = RECIPES / "blend.yaml"
MADE = Training("blend.yaml", "sha256:0", "photographs.tsv", "sha256:1", 4, 4, 60)


def smoke(folder: Path, recipe: Path = RECIPE) -> Run[BlendPlan]:
    return Run(read_recipe(recipe, BlendPlan, "smoke"), file_digest(recipe), folder)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights of a network that has hardly learned."""
    folder = tmp_path_factory.mktemp("weights")
    run = smoke(folder)
    one_kind = run.recipe.model_copy(update={"kinds": ("feathered",)})
    ship(one_kind, run_training(run, pairs()), MADE, many(34), folder)
    return folder


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path) -> None:
    class Interrupted(Exception):
        """Somebody pulled the plug."""

    def pull(report: Report) -> None:
        if report.step == 2:
            raise Interrupted

    whole = run_training(smoke(tmp_path / "whole"), pairs())
    with pytest.raises(Interrupted):
        run_training(smoke(tmp_path / "half"), pairs(), report=pull)
    resumed = run_training(smoke(tmp_path / "half"), pairs(), resume=True)
    assert resumed.step == whole.step == 4
    for name, value in whole.average.state_dict().items():
        assert torch.equal(resumed.average.state_dict()[name], value), name


def test_a_warm_start_marks_what_the_localiser_marks() -> None:
    plan = read_recipe(RECIPE, BlendPlan)
    assert plan.warm_start
    torch.manual_seed(1)
    started = begun(plan).eval()
    known, _ = manipulation.read(read_manifest(manipulation.MANIFEST)[manipulation.NAME])
    pictures = torch.rand(1, 3, 64, 64) * 2 - 1
    with torch.inference_mode():
        _, maps, _ = started(pictures)
        theirs = known.eval()(pictures)
    assert torch.allclose(maps[:, 0], theirs[:, 0], atol=1e-4)
    assert not torch.allclose(maps[:, 1], theirs[:, 1], atol=1e-2)
    other = plan.model_copy(update={"network": plan.network.model_copy(update={"channels": (32, 64)})})
    with pytest.raises(ConfigurationError, match="warm_start"):
        begun(other)


def test_what_ships_is_what_was_trained(shipped: Path) -> None:
    run = smoke(shipped)
    state = run_training(run, pairs(), resume=True)
    network, _ = network_of(read_manifest(shipped / "weights.toml")[NAME])
    for name, value in served(run.recipe, state).state_dict().items():
        assert torch.equal(value, network.state_dict()[name]), name


def test_calls_of_one_size_in_half_precision_say_nearly_the_same(shipped: Path) -> None:
    """As on a GPU, on this processor."""
    network, _ = network_of(read_manifest(shipped / "weights.toml")[NAME])
    pictures = [np.ascontiguousarray(halved(name)[:192, :224]) for name in ("crab", "dogs", "mountains")]
    exact = Looker(network, runner_for("cpu")).look(pictures)
    half = Looker(network, Runner(torch.device("cpu"), half=True, batch=4)).look(pictures)
    for one, other in zip(exact, half, strict=True):
        assert other.score == pytest.approx(one.score, abs=0.05 + 0.05 * abs(one.score))
        assert np.abs(one.part - other.part).mean() < 0.02


def test_large_pictures_are_looked_at_reduced(shipped: Path) -> None:
    network, _ = network_of(read_manifest(shipped / "weights.toml")[NAME])
    large = np.ascontiguousarray(np.resize(halved("crab"), (700, 900, 3)))
    (look,) = Looker(network, runner_for("cpu")).look([large])
    assert look.part.shape == look.border.shape
    assert 0.95 * MOST_PIXELS < look.part.size * STRIDE**2 < 1.1 * MOST_PIXELS


def test_figures_cover_every_kind_and_baseline(shipped: Path) -> None:
    pinned = read_manifest(shipped / "weights.toml")[NAME]
    network, familiar = network_of(pinned)
    looker = Looker(network, runner_for("cpu"))
    seen = {"drawn": list(squares(looker, pairs(), None, 1))}
    found = measured(seen, {"nothing": lambda _: 0.0}, 0.5)
    whole = list(wholes(looker, many(4), KNOWN, UNKNOWN))
    found |= {"verdicts": verdicts(whole, of_weights(pinned), familiar), "photographs": 4}
    assert set(found["areas"]["drawn"]["network"]) == set(GROUPS) == set(found["f1"])
    assert found["areas"]["drawn"]["nothing"]["all"][0] == 0.5
    assert set(found["verdicts"]) == {"learned", "held out", "untouched"}
    card = write_card({"weights": pinned.sha256, **found}, shipped).read_text()
    assert all(f"| {name} |" in card for name in (*GROUPS, "untouched", "nothing"))
    with pytest.raises(ConfigurationError, match="measured were the weights"):
        write_card({"weights": "other", **found}, shipped)


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    recipe = tmp_path / "wrong.yaml"
    recipe.write_text(RECIPE.read_text().replace("side: 160", "side: 160\nkinds: [magic]"))
    with pytest.raises(ConfigurationError, match="magic"):
        read_recipe(recipe, BlendPlan)


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One face (NASA, public domain) as if it were many photographs', and one photograph without."""
    folder = tmp_path_factory.mktemp("faces")
    picture = skimage.data.astronaut()[35:205, 140:310]  # type: ignore[no-untyped-call]
    for number in range(3 * LEAST_PHOTOGRAPHS):
        part = np.ascontiguousarray(picture[number % 7 :, number % 11 :])
        Image.fromarray(part).save(folder / f"{number:03}.png")
    Image.fromarray(halved("crab")).save(folder / "crab.png")
    return folder


def test_faces_are_apart_by_photograph_and_blended_within_the_face(faces: Path) -> None:
    parts = open_faces(faces, FaceFinder.load(), 64, 1)
    assert [len(parts[name].hosts) for name in ("train", "calibration")] == [2 * LEAST_PHOTOGRAPHS, LEAST_PHOTOGRAPHS]
    made = [parts["train"].pair(number, "hard") for number in range(12)]
    covered = np.mean([each.share > 0.5 for each in made], axis=0)
    assert covered[16:48, 16:48].mean() > 3 * covered[:4].mean()
    assert covered[16:48, 16:48].mean() > 0.2


def test_a_training_on_faces_makes_a_detector_for_servers(faces: Path, tmp_path: Path) -> None:
    run = smoke(tmp_path / "run", RECIPES / "blend_faces.yaml")
    table = tomllib.loads(train_on_faces(run, faces, tmp_path / "out"))["server"]["classifiers"][0]
    detector = load(Table(**table | {"licence": "MIT", "least_side": 16}).on("cpu"))
    assert isinstance(detector, OwnDetector)
    there, nobody = detector.detect([media(coded(skimage.data.astronaut())), media(coded(halved("crab")))])  # type: ignore[no-untyped-call]
    assert dict(there.measurements)["faces.count"] == 1
    assert there.codes != ("faces.none",)
    assert nobody.codes == ("faces.none",)
    for finding in (there, nobody):
        check(finding, detector)


def test_too_few_faces_are_refused_before_anything_is_learned(tmp_path: Path) -> None:
    Image.fromarray(halved("crab")).save(tmp_path / "crab.png")
    with pytest.raises(InvalidInput, match="0 photographs have a face") as caught:
        train_on_faces(smoke(tmp_path / "run"), tmp_path, None)
    assert (caught.value.field, caught.value.found) == ("faces", "0")
    assert not (tmp_path / "run").exists()

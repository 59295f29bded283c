from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import ConfigurationError
from core.media import Pixels
from core.watermark import payload, weights
from core.weights import read_manifest
from detectors.watermark.reader import Reader
from generators.marking.watermark import Embedder
from training.corpora.photographs import MANIFEST
from training.evaluation import dwt_dct_svd
from training.evaluation import watermark as evaluation
from training.evaluation.attacks import ATTACKS
from training.recipe import file_digest, read_recipe
from training.run import Run
from training.watermark import run_training, trained
from training.watermarking.card import record, render, write_card
from training.watermarking.data import Patches
from training.watermarking.distortions import distort
from training.watermarking.export import export
from training.watermarking.loop import MarkReport
from training.watermarking.marker import Marker, turned, words
from training.watermarking.recipe import MarkRecipe

ROOT = Path(__file__).parents[2]
RECIPE = ROOT / "training" / "recipes" / "watermark.yaml"


@pytest.fixture(scope="module")
def pictures() -> dict[str, Pixels]:
    photographs = evaluation.pictures_of_folder(ROOT / "tests" / "media")
    return {name: photographs[f"media/{name}"][:400, :400] for name in ("crab", "dogs", "stream")}


def smoke(tmp_path: Path, **changed: Any) -> Run[MarkRecipe]:
    recipe = read_recipe(RECIPE, MarkRecipe, "smoke").model_copy(update={"steps": 4, "checkpoint_every": 2, **changed})
    return Run(recipe, "sha256:test", tmp_path)


def tensors(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, pictures: dict[str, Pixels]) -> None:
    class Interrupted(Exception):
        """Somebody pulled the plug."""

    def pull(report: MarkReport) -> None:
        if report.step == 2:
            raise Interrupted

    run = smoke(tmp_path, log_every=1)
    whole = tensors(trained(run_training(smoke(tmp_path / "whole"), pictures, clock=lambda: 0.0)))
    with pytest.raises(Interrupted):
        run_training(run, pictures, clock=lambda: 0.0, report=pull)
    resumed = tensors(trained(run_training(run, pictures, resume=True, clock=lambda: 0.0)))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    with pytest.raises(ConfigurationError, match="belongs to recipe"):
        run_training(Run(run.recipe, "sha256:other", run.folder), pictures, resume=True)


def test_a_smoke_run_makes_weights_that_serve(tmp_path: Path, pictures: dict[str, Pixels]) -> None:
    run = smoke(tmp_path)
    state = run_training(run, pictures)
    made = run.describe(RECIPE, MANIFEST, len(pictures), state)
    export(run.recipe, trained(state), made, tmp_path / "weights")
    pinned = read_manifest(tmp_path / "weights" / "weights.toml")[weights.NAME]
    marked = Embedder.load(pinned).embed(pictures["dogs"], 77)
    # Untrained, the classical start already carries a mark through this.
    found = Reader.load(pinned).read(ATTACKS["jpeg_90"](marked.pixels, np.random.default_rng(1)))
    assert found is not None
    assert found.identifier == 77


def test_a_gradient_reaches_mask_spectrum_and_extractor(pictures: dict[str, Pixels]) -> None:
    torch.manual_seed(1)
    random = np.random.default_rng(1)
    network = Marker(4, 8)
    batch = Patches(pictures, 128).batch(random, 2)
    coded, waves = words(random, 2)
    marked, visible = network.mark(batch, waves, 6.5)
    bits = network.bits(network.soft(network.read(distort(marked, random, 1.0))))
    (torch.nn.functional.binary_cross_entropy_with_logits(-bits, coded) + visible).backward()  # type: ignore[no-untyped-call]
    for name in ("masking.body.6.weight", "extractor.tail.weight", "spectrum", "weights"):
        gradient = dict(network.named_parameters())[name].grad
        assert gradient is not None
        assert gradient.abs().max() > 0


def test_what_the_network_draws_is_what_it_reads() -> None:
    random = np.random.default_rng(2)
    network = Marker(4, 8)
    coded, waves = words(random, 1)
    shift = turned(torch.tensor([[13.0, 40.5]]))
    grey = torch.full((1, 3, 128, 128), 128.0)
    marked = grey + 4 * network.tiles(waves * shift).repeat(1, 3, 2, 2)
    bits = network.bits(network.soft(network.read(marked) * shift.conj()))
    assert ((bits < 0) == (coded > 0.5)).all()


def test_distorted_patches_keep_shape_and_range(pictures: dict[str, Pixels]) -> None:
    batch = Patches(pictures, 128).batch(np.random.default_rng(1), 4)
    assert batch.shape == (4, 3, 128, 128)
    made = distort(batch, np.random.default_rng(1), 1.0)
    again = distort(batch, np.random.default_rng(1), 1.0)
    assert made.shape == batch.shape
    assert torch.equal(made, again)
    assert -30 < float(made.min()) <= float(made.max()) < 285


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_attacks_are_functions_of_picture_and_seed(name: str, pictures: dict[str, Pixels]) -> None:
    before = pictures["crab"][:96, :120].copy()
    kept = before.copy()
    made, again = (ATTACKS[name](before, np.random.default_rng(3)) for _ in range(2))
    assert (made == again).all()
    assert (before == kept).all()
    assert made.dtype == np.uint8
    assert made.shape[2] == 3


def test_the_baseline_reads_what_it_wrote(pictures: dict[str, Pixels]) -> None:
    bits = np.random.default_rng(1).integers(0, 2, dwt_dct_svd.BITS).astype(np.bool_)
    made, step = dwt_dct_svd.embed(pictures["dogs"], bits, 40.0)
    error = float(np.square(made.astype(np.float64) - pictures["dogs"]).mean())
    assert 10 * np.log10(255**2 / error) == pytest.approx(40, abs=0.5)
    assert (dwt_dct_svd.read(made, step) == bits).mean() > 0.9


def test_the_evaluation_counts_and_the_card_tells(tmp_path: Path, pictures: dict[str, Pixels]) -> None:
    pinned = weights.shipped()
    embedder, reader = Embedder.load(pinned), Reader.load(pinned)
    few = {"dogs": pictures["dogs"]}
    found: dict[str, Any] = {
        "weights": pinned.sha256,
        "sweep": {"400": evaluation.sweep(few, ["none", "jpeg_70"], embedder, reader)},
        "baseline": evaluation.compare(few, ["none"], embedder),
        "unmarked": evaluation.unmarked(few, 3, reader),
    }
    assert found["sweep"]["400"]["attacks"]["jpeg_70"]["exact"] == 1
    assert found["unmarked"]["accepted"] == 0
    found = json.loads(json.dumps(found))
    (tmp_path / "weights.toml").write_bytes((weights.FOLDER / "weights.toml").read_bytes())
    entry = record([found], tmp_path)
    write_card(tmp_path)
    text = (tmp_path / "watermark.md").read_text(encoding="utf-8")
    assert "400 pixels" in text
    assert entry["size_400"]["jpeg_70"] == [1, 1]
    assert read_manifest(tmp_path / "weights.toml")[weights.NAME].parameters["false_positives"] > 0.5
    with pytest.raises(ConfigurationError, match="measured were the weights"):
        record([found | {"weights": "0" * 64}], tmp_path)


def test_the_shipped_weights_name_recipe_and_corpus_and_their_card_is_theirs() -> None:
    entry = tomllib.loads((weights.FOLDER / "weights.toml").read_text(encoding="utf-8"))[weights.NAME]
    assert entry["training"]["recipe_digest"] == file_digest(RECIPE)
    assert entry["training"]["corpus_digest"] == file_digest(MANIFEST)
    card = (weights.FOLDER / "watermark.md").read_text(encoding="utf-8")
    from training.corpora.manifest import read_manifest as read_corpus

    assert card == render(entry, list(read_corpus(MANIFEST)))
    assert entry["unmarked"]["crops"] >= 10_000
    assert entry["unmarked"]["accepted"] == 0


def test_a_recipe_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    assert isinstance(read_recipe(RECIPE, MarkRecipe), MarkRecipe)
    with pytest.raises(ConfigurationError, match="no profile"):
        read_recipe(RECIPE, MarkRecipe, "nothing")
    (tmp_path / "bad.yaml").write_text(RECIPE.read_text(encoding="utf-8").replace("batch: 16", "batch: none"))
    with pytest.raises(ConfigurationError, match="batch"):
        read_recipe(tmp_path / "bad.yaml", MarkRecipe)


def test_words_are_words() -> None:
    coded, waves = words(np.random.default_rng(1), 3)
    assert coded.shape == (3, payload.CODED_BITS)
    assert torch.equal(waves.abs(), torch.full_like(waves.abs(), 2**0.5))

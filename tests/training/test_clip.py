"""The in-house CLIP learns to tell captions apart, resumes, and scores as it was measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_clip import CustomTextCLIP
from torch.nn import functional
from transformers import CLIPTokenizer

from core.weight_folder import read_folders
from detectors import clip as scoring
from detectors.clip import tokenise
from training.clip import ClipPlan, Matching, export, read_captions, run_training
from training.evaluation.clip import STREAM, UNSEEN, measured, unseen
from training.harness import tokenizer as language
from training.harness.export import read_made
from training.harness.loop import Report
from training.harness.models import build
from training.recipe import read_recipe
from training.run import Run
from training.scenes.captions import caption, naming
from training.scenes.source import Source

RECIPE = Path(__file__).parents[2] / "training" / "recipes" / "scenes" / "clip.yaml"
VISION = {"image_size": 64, "patch_size": 16, "width": 32, "head_width": 16, "layers": 2}
TEXT = {"context_length": 32, "vocab_size": 900, "width": 32, "heads": 2, "layers": 2, "pool_type": "eos", "eos_id": 1}


@pytest.fixture(scope="module")
def tokens(source: Source) -> CLIPTokenizer:
    captions = [source.caption(source.scene(index), index) for index in range(500)]
    return language.learn(captions, words=900)


def smoke(folder: Path, **changed: Any) -> Run[ClipPlan]:
    plan = read_recipe(RECIPE, ClipPlan, "smoke")
    config = {"embed_dim": 32, "vision_cfg": VISION, "text_cfg": TEXT}
    defaults = {"model": plan.model.model_copy(update={"config": config}), "device": "cpu", "log_every": 1}
    return Run(plan.model_copy(update=defaults | changed), "sha256:test", folder)


def tensors(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, source: Source, tokens: CLIPTokenizer) -> None:
    class Interrupted(Exception):
        """Somebody pulled the plug."""

    def pull(report: Report) -> None:
        if report.step == 3:
            raise Interrupted

    whole = tensors(run_training(smoke(tmp_path / "whole"), source, tokens, clock=lambda: 0.0).average)
    run = smoke(tmp_path / "cut")
    with pytest.raises(Interrupted):
        run_training(run, source, tokens, clock=lambda: 0.0, report=pull)
    resumed = tensors(run_training(run, source, tokens, resume=True, clock=lambda: 0.0).average)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_it_learns_a_few_scenes_by_heart(
    tmp_path: Path, source: Source, tokens: CLIPTokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Matching, "_batch", lambda self, step, first=Matching._batch: first(self, 0))
    changed = {"steps": 60, "batch": 8, "learning_rate": 3e-3, "warm_up": 5, "precision": "fp32"}
    reports: list[Report] = []
    run_training(smoke(tmp_path, **changed), source, tokens, clock=lambda: 0.0, report=reports.append)
    assert reports[-1].loss < reports[0].loss / 3
    assert reports[-1].figures["matched"] == 1
    assert reports[-1].figures["named"] == 1


def test_a_batch_holds_true_captions_first_and_what_is_there(
    tmp_path: Path, source: Source, tokens: CLIPTokenizer
) -> None:
    matching = Matching(smoke(tmp_path, misses=2).recipe, source, tokens)
    pairs = matching._batch(3)
    examples = [source.example(12 + at) for at in range(4)]
    assert pairs.captions.shape == (12, 32)
    assert torch.equal(pairs.captions[:4], tokenise(tokens, [each.caption for each in examples]))
    vocabulary = source.grammar.vocabulary
    words = (*vocabulary.objects, *vocabulary.roles)
    for row, example in zip(pairs.present, examples, strict=True):
        assert {words[int(at)] for at in row.nonzero()} == {group.word for group in example.scene.groups}
        assert row.sum() == 1


def test_captions_that_are_cut_to_the_longest_are_read_alike(tokens: CLIPTokenizer) -> None:
    torch.manual_seed(1)
    config = {"embed_dim": 32, "vision_cfg": VISION, "text_cfg": TEXT}
    network = build(smoke(Path()).recipe.model.model_copy(update={"config": config}))
    assert isinstance(network, CustomTextCLIP)
    ids = tokenise(tokens, ["a cat", "three red apples left of a dog, flat style", ""])
    whole = functional.normalize(network.encode_text(ids), dim=-1)
    assert torch.allclose(read_captions(network, ids), whole, atol=1e-6)
    assert network.text.attn_mask.shape == (32, 32)


def test_what_is_written_is_what_was_measured(tmp_path: Path, source: Source, tokens: CLIPTokenizer) -> None:
    run = smoke(tmp_path / "run")
    state = run_training(run, source, tokens)
    found = export(tmp_path / "weights" / "scene_clip", run, source, tokens, state, RECIPE)
    made = read_made(tmp_path / "weights" / "scene_clip")
    assert made["measured"] == found
    scorer = scoring.load(read_folders(tmp_path / "weights" / "weights.toml")["scene_clip"])
    assert measured(scorer, source, run.recipe.measured) == found
    similarity = scorer.similarity([source.example(index).picture for index in range(3)], ["a cat", "a dog"])
    assert similarity.shape == (3, 2)
    assert np.abs(similarity).max() <= 1.0001
    assert scorer.version == read_folders(tmp_path / "weights" / "weights.toml")["scene_clip"].digest


def test_measuring_tells_an_oracle_from_a_guess(source: Source) -> None:
    class Oracle:
        """Knows every picture's caption and words, by the picture's bytes."""

        def __init__(self) -> None:
            self.known: dict[bytes, dict[str, float]] = {}

        def similarity(self, pictures: Any, captions: Any) -> Any:
            return np.array([[self.known[each.tobytes()].get(text, 0) for text in captions] for each in pictures])

    class Guess:
        """Says the same of everything."""

        def similarity(self, pictures: Any, captions: Any) -> Any:
            return np.zeros((len(pictures), len(captions)))

    oracle, rng = Oracle(), np.random.default_rng((source.seed, STREAM))
    for index in range(64):
        scene = unseen(source, rng)
        texts = {naming(group.word): 0.5 for group in scene.groups} | {caption(scene, source.grammar.vocabulary): 1.0}
        oracle.known[source.picture(scene, UNSEEN + index)[0].tobytes()] = texts
    best, worst = measured(oracle, source, 64), measured(Guess(), source, 64)
    names = {name for name in best if f"{name}_count" in best}
    assert {"word", "retrieval", "miss_word", "miss_count", "miss_relation"} <= names
    assert all(best[name] == 1 for name in names)
    assert all(worst[name] < 0.2 for name in names)

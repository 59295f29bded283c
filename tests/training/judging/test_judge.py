"""The judge learns, resumes, and is measured as it is loaded."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.errors import IntegrityError
from core.weight_folder import read_folders
from training.harness.export import read_made
from training.harness.loop import Report
from training.judge import JudgePlan, Judging, export, run_training, shown
from training.judging import judge as judging
from training.judging.ceiling import measured
from training.judging.judge import Judge
from training.judging.labels import Labels
from training.recipe import read_recipe
from training.run import Run
from training.scenes.source import Source

RECIPE = Path(__file__).parents[3] / "training" / "recipes" / "scenes" / "judge.yaml"
TINY = {"layers": [1, 1, 1, 1], "channels": [32, 32, 32, 32]}


def smoke(folder: Path, **changed: Any) -> Run[JudgePlan]:
    plan = read_recipe(RECIPE, JudgePlan, "smoke")
    backbone = plan.network.backbone
    small = backbone.model_copy(update={"config": {**backbone.config, **TINY}})
    network = plan.network.model_copy(update={"backbone": small, "width": 32})
    defaults = {"network": network, "device": "cpu", "log_every": 1}
    return Run(plan.model_copy(update=defaults | changed), "sha256:test", folder)


def tensors(network: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, source: Source) -> None:
    class Interrupted(Exception):
        """Somebody pulled the plug."""

    def pull(report: Report) -> None:
        if report.step == 3:
            raise Interrupted

    whole = run_training(smoke(tmp_path / "whole"), source, clock=lambda: 0.0)
    run = smoke(tmp_path / "cut")
    with pytest.raises(Interrupted):
        run_training(run, source, clock=lambda: 0.0, report=pull)
    resumed = run_training(run, source, resume=True, clock=lambda: 0.0)
    wanted, found = tensors(whole.average), tensors(resumed.average)
    assert resumed.step == run.recipe.steps
    assert all(torch.equal(wanted[name], found[name]) for name in wanted)


def test_it_learns_a_few_scenes_by_heart(tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    # The same eight scenes at every step, as they are.
    monkeypatch.setattr(Judging, "_batch", lambda self, step, first=Judging._batch: first(self, 0))
    monkeypatch.setattr("training.judge.soften", lambda picture, rng: picture)
    changed = {"steps": 120, "batch": 8, "learning_rate": 4e-3, "warm_up": 5, "average": 0.8, "precision": "fp32"}
    reports: list[Report] = []
    state = run_training(smoke(tmp_path, **changed), source, clock=lambda: 0.0, report=reports.append)
    assert reports[-1].loss < reports[0].loss / 5
    pictures, truths = zip(*(shown(source, index) for index in range(8)), strict=True)
    judge = Judge(state.average, Labels.of(source.grammar.vocabulary), 64, 0.3)  # type: ignore[arg-type]
    found = measured(judge.look(pictures), truths)
    assert found["found"] > 0.8
    assert found["whole"] > 0.5
    # Of pictures that it knows nothing of, it says nothing of the kind.
    shuffled = measured(judge.look(pictures[4:] + pictures[:4]), truths)
    assert shuffled["found"] < 0.3


def test_what_is_written_is_what_was_measured(tmp_path: Path, source: Source) -> None:
    run = smoke(tmp_path / "run")
    found = export(tmp_path / "weights" / "judge", run, source, run_training(run, source), RECIPE)
    made = read_made(tmp_path / "weights" / "judge")
    assert made["measured"] == found
    assert made["training"]["recipe_digest"] == "sha256:test"
    assert made["training"]["steps"] == 6
    pinned = read_folders(tmp_path / "weights" / "weights.toml")["judge"]
    judge = judging.load(pinned)
    start = 2**40 + run.recipe.measured
    pictures, truths = zip(*(shown(source, start + index) for index in range(run.recipe.measured)), strict=True)
    assert measured(judge.look(pictures), truths) == found
    assert judge.features(pictures).shape == (16, 32)
    config = json.loads((pinned.path / "config.json").read_text())
    assert config["threshold"] == judge.threshold
    table = tomllib.loads((tmp_path / "weights" / "weights.toml").read_text())["judge"]
    assert table["licence"] == "Apache-2.0"
    (pinned.path / "config.json").write_text("{}")
    with pytest.raises(IntegrityError):
        judging.load(pinned)


def test_pictures_of_another_size_are_brought_to_its_own(tmp_path: Path, source: Source) -> None:
    state = run_training(smoke(tmp_path, steps=1), source)
    judge = Judge(state.average, Labels.of(source.grammar.vocabulary), 64, 0.0)  # type: ignore[arg-type]
    picture, _ = shown(source, 0)
    large = np.kron(picture, np.ones((4, 4, 1), np.uint8)).astype(np.uint8)
    assert np.allclose(judge.features([picture]), judge.features([large]), atol=1e-5)

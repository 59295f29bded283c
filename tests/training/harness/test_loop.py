"""The loop ends with its budget, goes on where it stopped to the last bit, and learns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import nn

from core.errors import ConfigurationError
from tests.training.harness.runs import PowerCut, cut_at, seconds, weights
from training.checkpoint import State
from training.harness.loop import Report, begin, device_of, train
from training.harness.plan import ScenePlan
from training.run import Run


def plan(**changes: object) -> ScenePlan:
    values: dict[str, object] = {
        "name": "tiny",
        "seed": 3,
        "side": 8,
        "steps": 1000,
        "budget_seconds": 12,
        "batch": 4,
        "learning_rate": 0.05,
        "final_learning_rate": 0.001,
        "average": 0.9,
        "warm_up": 2,
        "precision": "fp32",
        "device": "cpu",
        "log_every": 1,
        "checkpoint_every": 4,
    }
    return ScenePlan.model_validate(values | changes)


class Doubling:
    """Teaches y = 2x, from numbers that the loop's seed and the step decide."""

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        values = torch.randn(8, 3) + 0.1 * (step % 3)
        return (network(values) - 2 * values).square().mean(), {"step": float(step)}


def follow(run: Run[ScenePlan], state: State, cut: int = -1) -> State:
    return run.follow(state, train(run.recipe, Doubling(), state, seconds()), cut_at(cut))


def fresh(recipe: ScenePlan) -> State:
    torch.manual_seed(recipe.seed)
    return begin(recipe, nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.05), nn.Linear(8, 3)))


@pytest.mark.parametrize("cut", [4, 6, 11])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, cut: int) -> None:
    # The budget, not the steps, ends it: the schedule of the learning rate too must go on where it stopped.
    whole = follow(Run(plan(), "digest", tmp_path / "whole"), fresh(plan()))
    run = Run(plan(), "digest", tmp_path / "cut")
    with pytest.raises(PowerCut):
        follow(run, fresh(plan()), cut)
    state = fresh(plan())
    run.resume(state)
    assert state.step == cut // 4 * 4
    resumed = follow(run, state)
    assert resumed.step == whole.step == 12
    assert torch.equal(weights(resumed.network), weights(whole.network))
    assert torch.equal(weights(resumed.average), weights(whole.average))


def test_steps_or_budget_end_a_run_whichever_comes_first() -> None:
    for changes, steps in (({"steps": 5}, 5), ({"budget_seconds": 7}, 7)):
        state = fresh(plan(**changes))
        reports = list(train(plan(**changes), Doubling(), state, seconds()))
        assert [report.step for report in reports] == list(range(1, steps + 1))
        assert reports[-1].progress == 1
        assert reports[-1].elapsed == steps
        assert [report.figures["step"] for report in reports] == list(range(steps))


def test_it_learns_and_the_average_follows() -> None:
    recipe = plan(steps=200, budget_seconds=1e6)
    state = fresh(recipe)
    losses = [report.loss for report in train(recipe, Doubling(), state, seconds())]
    assert sum(losses[-20:]) < 0.3 * sum(losses[:20])
    distance = (weights(state.average) - weights(state.network)).norm()
    assert 0 < distance < 0.1 * weights(state.network).norm()


def test_what_is_frozen_stays(tmp_path: Path) -> None:
    network = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    network[0].requires_grad_(False)
    before = weights(network[0]).clone()
    state = begin(plan(), network)
    follow(Run(plan(), "digest", tmp_path), state)
    assert torch.equal(weights(state.network[0]), before)  # type: ignore[index]
    assert not any(value.requires_grad for value in state.average.parameters())
    assert not state.average.training


def test_another_recipes_checkpoint_is_refused(tmp_path: Path) -> None:
    follow(Run(plan(steps=4), "one", tmp_path), fresh(plan(steps=4)))
    with pytest.raises(ConfigurationError, match="belongs to recipe one, not another"):
        Run(plan(), "another", tmp_path).resume(fresh(plan()))


def test_where_it_runs_is_said_or_found() -> None:
    assert device_of(plan(device="cpu")) == torch.device("cpu")
    assert device_of(plan(device="auto")).type == ("cuda" if torch.cuda.is_available() else "cpu")


def test_a_report_is_one_line() -> None:
    line = Report(step=12, progress=0.25, loss=0.5, elapsed=9, figures={"psnr": 21.5}).line()
    assert line == " 25.0%  step     12  loss 0.50000  psnr 21.5000        9 s"


def test_a_compiled_network_learns_the_same_and_keeps_its_names(tmp_path: Path) -> None:
    plain, compiled = (
        follow(Run(plan(compile=backend), "digest", tmp_path / backend), fresh(plan())) for backend in ("none", "eager")
    )
    assert compiled.network._compiled_call_impl is not None
    assert compiled.network.state_dict().keys() == plain.network.state_dict().keys()
    assert torch.allclose(weights(compiled.network), weights(plain.network), atol=1e-6)
    assert torch.allclose(weights(compiled.average), weights(plain.average), atol=1e-6)


def test_only_gpus_compile_by_themselves() -> None:
    state = fresh(plan())
    list(train(plan(steps=1), Doubling(), state, seconds()))
    assert state.network._compiled_call_impl is None

"""Networks see pictures in calls of one size, whatever else waits; in half precision they see nearly the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from core.errors import ConfigurationError
from detectors.verdicts.running import GPU_BATCH, Runner, runner_for

CPU = torch.device("cpu")
TOLERANCE = 0.05  # of outputs of about 1: products have 8 bits, and their sums go through three layers


def network() -> nn.Module:
    torch.manual_seed(7)
    layers = (nn.Conv2d(3, 8, 3), nn.GELU(), nn.Conv2d(8, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 4))
    return nn.Sequential(*layers)


def pictures(count: int, side: int = 12) -> list[torch.Tensor]:
    return list(torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(count + side)))


@pytest.mark.parametrize("batch", [1, 4])
def test_every_picture_gets_its_own_rows_in_order(batch: int) -> None:
    sizes: list[int] = []

    def means(stacked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        sizes.append(len(stacked))
        return stacked.mean(dim=(1, 2, 3)), stacked.amax(dim=1)

    mixed = [each for pair in zip(pictures(5), pictures(5, 9), strict=True) for each in pair]
    made = Runner(CPU, batch=batch).run(means, mixed)
    assert set(sizes) == {batch}, "the last call is filled up"
    assert len(made) == len(mixed)
    for given, (mean, most) in zip(mixed, made, strict=True):
        assert mean == pytest.approx(float(given.mean()), abs=1e-6)
        assert torch.equal(most, given.amax(dim=0))
    assert Runner(CPU, batch=batch).run(means, []) == []


@pytest.mark.parametrize("runner", [Runner(CPU), Runner(CPU, batch=4), Runner(CPU, half=True, batch=4)])
def test_a_picture_does_not_depend_on_its_company(runner: Runner) -> None:
    placed = runner.place(network())
    given = pictures(6)
    together = runner.run(lambda each: (placed(each),), given)
    for number, each in enumerate(given):
        ((alone,),) = runner.run(lambda stacked: (placed(stacked),), [each])
        assert torch.equal(alone, together[number][0])


def test_half_precision_gives_nearly_the_same_and_not_the_same() -> None:
    outputs = []
    for half in (False, True):
        runner = Runner(CPU, half=half)
        placed = runner.place(network())
        outputs.append(torch.stack([each for (each,) in runner.run(lambda x: (placed(x),), pictures(6))]))  # noqa: B023
    assert outputs[0].dtype == outputs[1].dtype == torch.float32
    assert 0 < float((outputs[0] - outputs[1]).abs().max()) < TOLERANCE


def test_a_processor_works_one_by_one_in_full_precision() -> None:
    assert runner_for("cpu") == Runner(CPU, half=False, batch=1)
    with pytest.raises(ConfigurationError, match="abacus"):
        runner_for("abacus")


def test_a_network_is_frozen() -> None:
    placed = runner_for("cpu").place(network().half())
    assert not placed.training
    assert {(each.dtype, each.requires_grad) for each in placed.parameters()} == {(torch.float32, False)}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_gpu_gives_nearly_what_the_processor_gives() -> None:
    here, there = runner_for("cpu"), runner_for("cuda")
    assert there == Runner(there.device, half=True, batch=GPU_BATCH)
    given = pictures(GPU_BATCH + 3)
    slow, fast = here.place(network()), there.place(network())
    expected = here.run(lambda stacked: (slow(stacked),), given)
    made = there.run(lambda stacked: (fast(stacked),), given)
    for (one,), (other,) in zip(expected, made, strict=True):
        assert torch.allclose(one, other, atol=TOLERANCE)
    ((alone,),) = there.run(lambda stacked: (fast(stacked),), given[:1])
    assert torch.equal(alone, made[0][0])


def test_pictures_are_taken_as_calls_fill() -> None:
    """So that the pieces of large pictures are never all in memory."""
    taken: list[int] = []
    seen: list[int] = []

    def given() -> Iterator[torch.Tensor]:
        for number, each in enumerate(pictures(7)):
            taken.append(number)
            yield each

    def network_(stacked: torch.Tensor) -> tuple[torch.Tensor]:
        seen.append(len(taken))
        return (stacked,)

    Runner(CPU, batch=2).run(network_, given())
    assert seen == [2, 4, 6, 7]

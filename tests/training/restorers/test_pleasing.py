"""What is to please is lowered as it says: first pixels, then texture and a critic; critic and restorer learn apart."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from training.restorers.architectures import build
from training.restorers.learning import Restoring
from training.restorers.pleasing import Critic, Judged, Pleased, texture_loss, without_critic
from training.restorers.recipe import Pleasing
from training.restorers.spoiling import Batch

WEIGHTS = Pleasing(regressing=0.5, critic=4, pixels=1.0, low=0.5, features=0.0, texture=0.2, adversarial=0.1)


class Same:
    """One batch, whatever the step."""

    def batch(self, step: int) -> Batch:
        torch.manual_seed(7)
        wanted = torch.rand(2, 3, 32, 32)
        return torch.nn.functional.avg_pool2d(wanted, 2), wanted


RESTORING = Restoring(Same(), 0.0)


def judged() -> Judged:
    torch.manual_seed(0)
    return Judged(build("Compact", {"num_feat": 8, "num_conv": 1}, 2), Critic(4))


def gradients(weights: Pleasing, progress: float = 0.5) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Of the restorer and of the critic."""
    network = judged()
    loss, _ = Pleased(RESTORING, weights, lambda: progress).loss(network, 0)
    loss.backward()  # type: ignore[no-untyped-call]
    parts = (network.restorer, network.critic)
    restorer, critic = ([value.grad.clone() for value in part.parameters() if value.grad is not None] for part in parts)
    return restorer, critic


def test_how_much_the_critic_is_heeded_changes_the_restorer_alone() -> None:
    for heeded in ({"adversarial": 1.0}, {"features": 1.0}):
        (restorer, critic), (heeding, same) = gradients(WEIGHTS), gradients(WEIGHTS.model_copy(update=heeded))
        assert all(torch.allclose(one, two) for one, two in zip(critic, same, strict=True))
        assert not all(torch.allclose(one, two) for one, two in zip(restorer, heeding, strict=True))
        assert critic[0].abs().sum() > 0


def test_at_first_pixels_are_regressed_as_by_any_restorer_and_no_critic_learns() -> None:
    network = judged()
    wanted, _ = RESTORING.loss(network.restorer, 0)
    found, _ = Pleased(RESTORING, WEIGHTS, lambda: 0.49).loss(network, 0)
    assert torch.equal(found, wanted)
    assert gradients(WEIGHTS, progress=0.49)[1] == []


def test_the_critic_learns_to_tell_outputs_from_photographs() -> None:
    network, task = judged(), Pleased(RESTORING, WEIGHTS, lambda: 0.5)
    optimizer = torch.optim.Adam(network.critic.parameters(), 1e-2)
    told = []
    for step in range(30):
        loss, figures = task.loss(network, step)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        told.append(figures["told"])
    assert told[-1] > told[0] + 0.1


@given(st.integers(0, 2**16), st.floats(-0.3, 0.3))
def test_texture_is_the_same_however_bright_it_is_and_whichever_way_it_slopes(seed: int, brighter: float) -> None:
    wanted = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed))
    for alike in (wanted, wanted + brighter, 1 - wanted):
        assert texture_loss(alike, wanted).item() < 1e-3
    assert texture_loss(wanted.mean() + 0.5 * (wanted - wanted.mean()), wanted).item() > 0.01


def test_what_is_served_has_no_critic() -> None:
    network = judged()
    assert without_critic(network) is network.restorer
    assert without_critic(network.restorer) is network.restorer

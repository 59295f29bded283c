"""What is to please is lowered as it says: texture counts, not its place; critic and restorer learn apart."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from training.restorers.architectures import build
from training.restorers.learning import Restoring
from training.restorers.pleasing import Critic, Judged, Pleased, consistency_loss, served, texture_loss
from training.restorers.recipe import Pleasing
from training.restorers.spoiling import Batch

WEIGHTS = Pleasing(critic=4, adversarial=0.05, texture=1.0, consistency=0.5)


class Same:
    """One batch, whatever the step."""

    def batch(self, step: int) -> Batch:
        torch.manual_seed(7)
        wanted = torch.rand(2, 3, 32, 32)
        return torch.nn.functional.avg_pool2d(wanted, 2), wanted


def judged() -> Judged:
    torch.manual_seed(0)
    return Judged(build("Compact", {"num_feat": 8, "num_conv": 1}, 2), Critic(4))


def gradients(adversarial: float) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Of the restorer and of the critic."""
    network = judged()
    loss, _ = Pleased(Restoring(Same(), 0.0), WEIGHTS.model_copy(update={"adversarial": adversarial})).loss(network, 0)
    loss.backward()  # type: ignore[no-untyped-call]
    parts = (network.restorer, network.critic)
    restorer, critic = ([value.grad.clone() for value in part.parameters() if value.grad is not None] for part in parts)
    return restorer, critic


def test_how_much_the_critic_is_heeded_changes_the_restorer_alone() -> None:
    (restorer, critic), (heeding, same) = gradients(0.0), gradients(1.0)
    assert all(torch.allclose(one, two) for one, two in zip(critic, same, strict=True))
    assert not all(torch.allclose(one, two) for one, two in zip(restorer, heeding, strict=True))
    assert all(gradient.abs().sum() > 0 for gradient in critic[:1])


def test_the_critic_learns_to_tell_outputs_from_photographs() -> None:
    network, task = judged(), Pleased(Restoring(Same(), 0.0), WEIGHTS)
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


def test_what_reduces_to_its_input_is_consistent() -> None:
    torch.manual_seed(0)
    spoiled = torch.rand(1, 3, 16, 16)
    large = torch.full((1, 3, 32, 32), 0.4)
    assert consistency_loss(large, torch.full_like(spoiled, 0.4)).item() < 1e-6
    assert consistency_loss(large, torch.full_like(spoiled, 0.5)).item() > 0.09


def test_what_is_served_has_no_critic() -> None:
    network = judged()
    assert served(network) is network.restorer
    assert served(network.restorer) is network.restorer

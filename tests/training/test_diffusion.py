"""What text to image learns: the velocity, at times spread evenly, from captions of which some are left out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler, UNet2DConditionModel
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from transformers import CLIPTokenizer

from training.distillation import GUIDANCE_CHANNELS, guidance_embedding, student_of
from training.harness.models import ModelSpec
from training.harness.pipeline import sampler
from training.harness.tokenizer import WINDOW, learn
from training.judging.labels import Labels
from training.scenes.latents import LatentBatch
from training.scenes.source import Source
from training.text_to_image import NOISE, Diffusion, DiffusionPlan, spread_times, tokenise


@pytest.fixture(scope="module")
def tokens(source: Source) -> CLIPTokenizer:
    return learn(source.caption(source.scene(index), index) for index in range(100))


@given(st.integers(1, 200), st.integers(0, 2**31))
def test_times_are_one_of_each_part(count: int, seed: int) -> None:
    torch.manual_seed(seed)
    times = spread_times(count, 1000)
    assert times.dtype == torch.int64
    assert times.min() >= 0
    assert times.max() <= 999
    parts = sorted(time * count // 1000 for time in times.tolist())
    # A time is rounded down, and so may fall into the part before.
    assert all(abs(part - place) <= 1 for place, part in enumerate(parts))


def test_the_last_step_is_pure_noise_and_sampling_starts_there() -> None:
    assert DDPMScheduler(**NOISE).alphas_cumprod[-1] == pytest.approx(0, abs=1e-6)
    made = sampler(NOISE)
    made.set_timesteps(20)
    assert made.timesteps[0] == 999
    assert made.config.prediction_type == "v_prediction"


def test_captions_are_cut_and_filled_to_the_window(tokens: CLIPTokenizer) -> None:
    ids = tokenise(tokens, ["a red apple", "", "a dog and " * 60])
    assert ids.shape == (3, WINDOW)
    assert ids[:, 0].tolist() == [tokens.bos_token_id] * 3
    assert ids[:, -1].tolist() == [tokens.eos_token_id] * 3


class Oracle(nn.Module):
    """Knows the latents, and so says the velocity exactly, or what it is told to say."""

    def __init__(self, clean: torch.Tensor, error: float) -> None:
        super().__init__()
        self.clean, self.error = clean, error
        self.asked: list[torch.Tensor] = []

    def forward(self, noisy: torch.Tensor, times: torch.Tensor, states: torch.Tensor) -> Any:
        alpha = DDPMScheduler(**NOISE).alphas_cumprod[times][:, None, None, None]
        noise = (noisy - alpha.sqrt() * self.clean) / (1 - alpha).sqrt()
        self.asked.append(states)
        return SimpleNamespace(sample=alpha.sqrt() * noise - (1 - alpha).sqrt() * self.clean + self.error)


class Words(nn.Module):
    """Hands token ids on, so that a test sees which captions were left out."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, ids: torch.Tensor) -> Any:
        return SimpleNamespace(last_hidden_state=ids.float() * self.scale)


def loss_of(tokens: CLIPTokenizer, error: float, unconditional: float = 0.0) -> tuple[float, Oracle]:
    torch.manual_seed(5)
    clean = torch.randn(64, 4, 2, 2)
    plan = DiffusionPlan(
        name="tiny",
        side=16,
        steps=1,
        budget_seconds=1,
        batch=64,
        learning_rate=1e-3,
        final_learning_rate=1e-4,
        average=0.9,
        text_encoder=ModelSpec(kind="transformers.CLIPTextModel"),
        unet=ModelSpec(kind="diffusers.UNet2DConditionModel"),
        unconditional=unconditional,
        largest_weight=5.0,
        pool=64,
    )
    batch = LatentBatch(clean, ["a red apple"] * 64, [], [], np.arange(64))
    oracle = Oracle(clean, error)
    network = nn.ModuleDict({"text_encoder": Words(), "unet": oracle})
    loss, figures = Diffusion(plan, lambda _: batch, tokens, Labels((), (), ())).loss(network, 0)
    assert figures["error"] == pytest.approx(error**2, abs=1e-4)
    return loss.item(), oracle


def test_the_true_velocity_has_no_loss_and_an_error_is_weighed(tokens: CLIPTokenizer) -> None:
    assert loss_of(tokens, 0.0)[0] == pytest.approx(0, abs=1e-4)
    # min(SNR, 5) / (SNR + 1) is at most 5/6, and at the last step 0.
    weighed = loss_of(tokens, 1.0)[0]
    assert 0.05 < weighed < 5 / 6


def test_some_captions_are_left_out_for_guidance(tokens: CLIPTokenizer) -> None:
    for share, low, high in ((0.0, 0, 0), (0.5, 16, 48)):
        (states,) = loss_of(tokens, 0.0, share)[1].asked
        empty = (states == tokenise(tokens, [""]).float()).all(dim=1).sum().item()
        assert low <= empty <= high


def test_a_student_starts_as_its_teacher_whatever_guidance_it_is_told() -> None:
    torch.manual_seed(2)
    teacher = UNet2DConditionModel(
        sample_size=4,
        in_channels=4,
        out_channels=4,
        block_out_channels=[8, 16],
        down_block_types=["DownBlock2D", "CrossAttnDownBlock2D"],
        up_block_types=["CrossAttnUpBlock2D", "UpBlock2D"],
        layers_per_block=1,
        cross_attention_dim=8,
        attention_head_dim=2,
        norm_num_groups=4,
    ).eval()
    student = student_of(teacher).eval()
    values, times, states = torch.randn(3, 4, 4, 4), torch.tensor([1, 500, 999]), torch.randn(3, 5, 8)
    told = guidance_embedding(torch.tensor([2.0, 5.0, 8.0]))
    assert told.shape == (3, GUIDANCE_CHANNELS)
    assert not torch.allclose(told[0], told[1])
    with torch.no_grad():
        wanted = teacher(values, times, states).sample
        made = student(values, times, states, timestep_cond=told).sample
    assert torch.allclose(made, wanted, atol=1e-5)

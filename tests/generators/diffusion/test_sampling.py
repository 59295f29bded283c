"""Sampling is the stock pipelines' own: the same seed gives the same latents as diffusers alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline, StableDiffusionPipeline

from generators.base import Job
from generators.diffusion import conditioning, pictures, sampling
from generators.diffusion.asked import asked_of
from generators.diffusion.components import Components
from generators.diffusion.offer import Offer
from tests.generators.diffusion.painting import PROMPT, STEPS, order
from tests.generators.pictures import media, noise

OFFER = Offer((64,), fast=True, control=True)


@pytest.fixture(scope="module")
def stock(weights: Path) -> StableDiffusionPipeline:
    pipeline = StableDiffusionPipeline.from_pretrained(
        weights / "text_to_image",
        safety_checker=None,
        requires_safety_checker=False,
        local_files_only=True,
        dtype=torch.float32,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def latents(components: Components, job: Job) -> torch.Tensor:
    return sampling.sample(components, [asked_of(job, OFFER, components)], lambda _: None, lambda: False)


def test_text_to_image_is_the_stock_pipelines(components: Components, stock: StableDiffusionPipeline) -> None:
    expected = stock(
        PROMPT,
        negative_prompt="blue",
        height=64,
        width=64,
        num_inference_steps=STEPS,
        guidance_scale=OFFER.guidance,
        generator=torch.Generator().manual_seed(7),
        output_type="latent",
    ).images
    torch.testing.assert_close(latents(components, order(negative="blue")), expected)


def test_image_to_image_is_the_stock_pipelines(components: Components, stock: StableDiffusionPipeline) -> None:
    pixels = noise(64, 64)
    expected = StableDiffusionImg2ImgPipeline(**stock.components, requires_safety_checker=False)(
        PROMPT,
        image=pictures.to_tensor([pixels]),
        strength=0.5,
        num_inference_steps=STEPS,
        guidance_scale=OFFER.guidance,
        generator=torch.Generator().manual_seed(7),
        output_type="latent",
    ).images
    torch.testing.assert_close(latents(components, order(source=media(pixels), strength=0.5)), expected)


def test_a_prompt_without_emphasis_is_embedded_as_the_stock_pipeline_does(
    components: Components, stock: StableDiffusionPipeline
) -> None:
    expected, _ = stock.encode_prompt("three big dogs, ünï 🍎", "cpu", 1, False)
    tokens = conditioning.tokens_of(components, "three big dogs, ünï 🍎")
    torch.testing.assert_close(conditioning.embed(components, [tokens]), expected)


def test_emphasis_moves_the_words_that_have_it_and_leaves_the_others_where_they_were(components: Components) -> None:
    plain, weighed, none = (
        conditioning.embed(components, [conditioning.tokens_of(components, prompt)])[0]
        for prompt in ("a red dog", "a (red:1.5) dog", "a (red:0) dog")
    )
    (empty,) = conditioning.embed(components, [conditioning.Tokens((), ())])
    others = [row for row in range(components.window) if row != 2]
    assert torch.equal(plain[others], weighed[others])
    torch.testing.assert_close(weighed[2] - empty[2], (plain[2] - empty[2]) * 1.5)
    torch.testing.assert_close(none[2], empty[2])


def test_emphasis_in_one_prompt_leaves_its_batch_mates_alone(components: Components) -> None:
    plain = conditioning.tokens_of(components, "a red dog")
    together = conditioning.embed(components, [conditioning.tokens_of(components, "(a:1.5) big dog"), plain])
    torch.testing.assert_close(together[1], conditioning.embed(components, [plain])[0])

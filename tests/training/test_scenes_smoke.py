"""Every recipe of scenes runs from the command line, one on the other's result, and ends in a folder that loads."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import ControlNetModel, StableDiffusionPipeline, UNet2DConditionModel

from training import autoencoder, controlnet, distillation, text_to_image
from training.harness.export import LARGEST_FILE, read_made
from training.harness.pipeline import load_coder, load_pipeline

RECIPES = Path(__file__).parents[2] / "training" / "recipes" / "scenes"
LARGEST = int(LARGEST_FILE.removesuffix("MB")) * 1_000_000 + 100_000  # and the names of what is in it


@pytest.fixture(scope="module")
def command(
    sprite_cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Callable[[], None], str, dict[str, Path]], Path]:
    """Runs a training's command with its smoke profile; the folder of what it made."""
    folder = tmp_path_factory.mktemp("made")

    def run(main: Callable[[], None], recipe: str, folders: dict[str, Path]) -> Path:
        options = {"profile": "smoke", "threads": 1, "cache": sprite_cache, "runs": folder / "runs"}
        options |= {"output": folder / recipe, **folders}
        words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sys, "argv", ["training", str(RECIPES / f"{recipe}.yaml"), *words])
            threads = torch.get_num_threads()
            try:
                main()
            finally:
                torch.set_num_threads(threads)
        return folder / recipe

    return run


@pytest.fixture(scope="module")
def vae(command: Callable[..., Path]) -> Path:
    return command(autoencoder.main, "autoencoder", {})


@pytest.fixture(scope="module")
def pipeline(command: Callable[..., Path], vae: Path) -> Path:
    return command(text_to_image.main, "text_to_image", {"vae": vae})


def small_enough(folder: Path) -> bool:
    return all(path.stat().st_size <= LARGEST for path in folder.rglob("*.safetensors"))


def test_an_autoencoder_is_made(vae: Path) -> None:
    coder = load_coder(vae)
    latents = coder.encode(torch.zeros(1, 3, 64, 64)).latent_dist.mode()
    assert latents.shape == (1, 16, 8, 8)
    assert coder.decode(latents).sample.shape == (1, 3, 64, 64)
    made = read_made(vae)
    assert coder.config.scaling_factor == pytest.approx(made["measured"]["scaling_factor"])
    assert made["training"]["steps"] == 6
    assert small_enough(vae)


def test_a_pipeline_is_made_that_stock_diffusers_loads(pipeline: Path) -> None:
    index = json.loads((pipeline / "model_index.json").read_text())
    assert index["_class_name"] == "StableDiffusionPipeline"
    assert small_enough(pipeline)
    stock = StableDiffusionPipeline.from_pretrained(pipeline, local_files_only=True, safety_checker=None)
    stock.set_progress_bar_config(disable=True)
    made = stock(
        "a red apple", num_inference_steps=2, output_type="np", generator=torch.Generator().manual_seed(1)
    ).images[0]
    assert made.shape == (64, 64, 3)
    assert np.isfinite(made).all()


def test_training_can_go_on_from_a_pipeline(command: Callable[..., Path], pipeline: Path, vae: Path) -> None:
    before = load_pipeline(pipeline)
    after = load_pipeline(command(text_to_image.main, "text_to_image", {"vae": vae, "start": pipeline}))
    assert after.tokenizer.get_vocab() == before.tokenizer.get_vocab()
    changed = [
        not torch.equal(one, other)
        for one, other in zip(after.unet.parameters(), before.unet.parameters(), strict=True)
    ]
    assert any(changed)


def test_a_controlnet_is_made(command: Callable[..., Path], pipeline: Path) -> None:
    made = ControlNetModel.from_pretrained(
        command(controlnet.main, "controlnet", {"model": pipeline}), local_files_only=True
    )
    assert made.config.in_channels == 16


def test_a_student_is_made_that_is_told_its_guidance(command: Callable[..., Path], pipeline: Path) -> None:
    made = UNet2DConditionModel.from_pretrained(
        command(distillation.main, "distillation", {"model": pipeline}), local_files_only=True
    )
    assert made.config.time_cond_proj_dim == distillation.GUIDANCE_CHANNELS

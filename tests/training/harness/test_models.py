"""A recipe may name classes of the libraries that are listed, and nothing else."""

from __future__ import annotations

import pytest
import torch
from diffusers import UNet2DModel
from pydantic import ValidationError
from transformers import CLIPTextModel

from core.errors import ConfigurationError
from training.harness.models import ModelSpec, build

TEXT = {"vocab_size": 20, "hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2}
UNET = {"block_out_channels": [8], "down_block_types": ["DownBlock2D"], "up_block_types": ["UpBlock2D"]}
UNET |= {"layers_per_block": 1, "norm_num_groups": 4, "add_attention": False, "sample_size": 8}


def test_classes_of_the_libraries_are_built() -> None:
    assert isinstance(build(ModelSpec(kind="diffusers.UNet2DModel", config=UNET)), UNet2DModel)
    text = build(ModelSpec(kind="transformers.CLIPTextModel", config=TEXT))
    assert isinstance(text, CLIPTextModel)
    assert text.config.hidden_size == 8


def test_weights_are_drawn_from_torchs_generator() -> None:
    models = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        models.append(
            torch.cat(
                [value.ravel() for value in build(ModelSpec(kind="diffusers.UNet2DModel", config=UNET)).parameters()]
            )
        )
    assert torch.equal(models[0], models[1])
    assert not torch.equal(models[0], models[2])


@pytest.mark.parametrize("kind", ["subprocess.Popen", "os.system", "diffusers_evil.Model", "torch.nn.Linear"])
def test_other_libraries_are_refused_unimported(kind: str) -> None:
    with pytest.raises(ConfigurationError, match="is of none of the libraries diffusers, "):
        build(ModelSpec(kind=kind))


@pytest.mark.parametrize("kind", ["diffusers", "Diffusers.Model", "diffusers..Model", "diffusers.Model()", "a b.C", ""])
def test_what_is_no_name_of_a_class_is_refused(kind: str) -> None:
    with pytest.raises(ValidationError, match="kind"):
        ModelSpec(kind=kind)


@pytest.mark.parametrize("kind", ["diffusers.NoSuchModel", "diffusers.no_such_module.Model"])
def test_a_class_that_is_not_there_is_named(kind: str) -> None:
    with pytest.raises(ConfigurationError, match=f"there is no {kind}"):
        build(ModelSpec(kind=kind))


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("diffusers.UNet2DModel", {"surprise": 1}),
        ("diffusers.UNet2DModel", UNET | {"down_block_types": ["DownBlock2D", "DownBlock2D"]}),
        ("transformers.CLIPTextModel", TEXT | {"num_attention_heads": 3}),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(kind: str, config: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=f"{kind} refuses its configuration"):
        build(ModelSpec(kind=kind, config=config))


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"diffusers\.DDPMScheduler makes no torch module"):
        build(ModelSpec(kind="diffusers.DDPMScheduler"))

"""A folder is loaded whole or not at all, and decides nothing about which code runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.errors import ConfigurationError, IntegrityError, PreconditionFailed
from core.weight_folder import read_folders
from generators.base import Card
from generators.diffusion import shipped
from generators.diffusion.components import load
from generators.diffusion.offer import SOLVERS, Offer, offer_of
from generators.diffusion.schedulers import SCHEDULERS, Watched, build, build_fast
from tests.generators import tiny_diffusion
from tests.generators.diffusion.painting import order, paint

CARD = Card("Apache-2.0", "A test.", "None.", "# Test")
UNET = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(weights: Path, tmp_path: Path) -> Path:
    """A copy of the model, to be spoilt."""
    return Path(shutil.copytree(weights / "text_to_image", tmp_path / "text_to_image"))


def test_what_the_networks_say_of_themselves(folder: Path) -> None:
    parts = load(folder, "cpu")
    assert (parts.native, parts.factor, parts.window) == (64, 8, 32)
    assert parts.dtype == torch.float32
    assert not any(parameter.requires_grad for parameter in parts.unet.parameters())
    assert not parts.unet.training


@pytest.mark.parametrize("name", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_a_missing_part_is_refused(folder: Path, name: str) -> None:
    shutil.rmtree(folder / name)
    with pytest.raises(IntegrityError, match=f"no whole Stable Diffusion: .*{name}"):
        load(folder, "cpu")


@pytest.mark.parametrize("name", ["unet_fast", "controlnet"])
def test_what_may_be_missing(folder: Path, name: str) -> None:
    shutil.rmtree(folder / name)
    assert getattr(load(folder, "cpu"), name) is None


@pytest.mark.parametrize("name", ["unet/config.json", UNET, "text_encoder/model.safetensors", "vae/config.json"])
def test_a_damaged_file_is_refused(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes()[:40])
    with pytest.raises(IntegrityError, match="no whole Stable Diffusion"):
        load(folder, "cpu")


@pytest.mark.parametrize("name", [UNET, "text_encoder/model.safetensors", "vae/diffusion_pytorch_model.safetensors"])
def test_a_missing_tensor_is_refused_and_never_made_up(folder: Path, name: str) -> None:
    tensors = load_file(folder / name)
    tensors.pop(sorted(tensors)[0])
    save_file(tensors, folder / name, {"format": "pt"})
    with pytest.raises(IntegrityError):
        load(folder, "cpu")


@pytest.mark.parametrize(("name", "key"), [("unet", "cross_attention_dim"), ("vae", "latent_channels")])
def test_parts_that_do_not_go_together_are_refused(folder: Path, name: str, key: str, tmp_path: Path) -> None:
    other = tiny_diffusion.build(tmp_path / "other", seed=1)
    config = json.loads((other / name / "config.json").read_text())
    (folder / name / "config.json").write_text(json.dumps(config | {key: 4}))
    with pytest.raises(IntegrityError):
        load(folder, "cpu")


def test_a_student_that_takes_no_guidance_is_refused(folder: Path) -> None:
    shutil.rmtree(folder / "unet_fast")
    shutil.copytree(folder / "unet", folder / "unet_fast")
    with pytest.raises(IntegrityError):
        load(folder, "cpu")


def test_pickles_are_never_read(folder: Path) -> None:
    torch.save(load_file(folder / UNET), folder / "unet/diffusion_pytorch_model.bin")
    (folder / UNET).unlink()
    with pytest.raises(IntegrityError):
        load(folder, "cpu")


def test_the_folder_does_not_choose_the_classes(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text())
    index["unet"] = ["os", "system"]
    (folder / "model_index.json").write_text(json.dumps(index))
    config = json.loads((folder / "unet/config.json").read_text())
    config |= {"auto_map": {"AutoModel": "evil.Model"}, "_class_name": "Evil"}
    (folder / "unet/config.json").write_text(json.dumps(config))
    (folder / "unet/evil.py").write_text("raise SystemExit('ran')\n")
    assert type(load(folder, "cpu").unet).__name__ == "UNet2DConditionModel"


@pytest.mark.parametrize(
    ("part", "chosen"),
    [
        ("text_encoder", {"attn_implementation": "evil/kernel"}),
        ("text_encoder", {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}),
        ("unet", {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}),
        ("vae", {"inner": [{"_attn_implementation": "evil/kernel"}]}),
    ],
)
def test_the_folder_does_not_choose_what_computes(folder: Path, part: str, chosen: dict[str, object]) -> None:
    path = folder / part / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | chosen))
    with pytest.raises(IntegrityError, match=f"{part}/config.json sets .*, which is not a model's to choose"):
        load(folder, "cpu")


def test_a_configuration_without_bottom_is_refused(folder: Path) -> None:
    (folder / "unet" / "config.json").write_text('{"a":' * 100_000)
    with pytest.raises(IntegrityError, match="no whole Stable Diffusion"):
        load(folder, "cpu")


def test_an_unknown_device_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="no device"):
        load(folder, "nonsense")


def test_weights_in_shards_are_loaded_as_one(folder: Path) -> None:
    expected = load(folder, "cpu").unet
    (folder / UNET).unlink()
    expected.save_pretrained(folder / "unet", max_shard_size="40KB")
    assert len(list((folder / "unet").glob("*.safetensors"))) > 1
    found = load(folder, "cpu").unet.state_dict()
    assert all(torch.equal(found[name], tensor) for name, tensor in expected.state_dict().items())


def test_pinned_files_are_checked_before_anything_is_loaded(folder: Path) -> None:
    manifest = folder.parent / "weights.toml"
    manifest.write_text(tiny_diffusion.manifest(folder, "text_to_image"))
    (folder / "scheduler/scheduler_config.json").write_text("{}")
    with pytest.raises(IntegrityError, match="scheduler_config"):
        shipped.load(read_folders(manifest)["text_to_image"], CARD, "cpu")
    (folder / UNET).unlink()
    with pytest.raises(PreconditionFailed, match="unet"):
        shipped.load(read_folders(manifest)["text_to_image"], CARD, "cpu")


def test_the_manifest_states_the_defaults(folder: Path) -> None:
    manifest = folder.parent / "weights.toml"
    stated = '[text_to_image.parameters]\nsteps = 3\nguidance = 2.5\nscheduler = "unipc"\n'
    manifest.write_text(tiny_diffusion.manifest(folder, "text_to_image") + stated)
    model = shipped.load(read_folders(manifest)["text_to_image"], CARD, "cpu")
    asked = order(steps=3, guidance=2.5, scheduler="unipc")
    assert paint(model, order(steps=0))[0].tobytes() == paint(model, asked)[0].tobytes()


@pytest.mark.parametrize(
    "stated",
    [
        {"stepz": 3},
        {"steps": 0},
        {"steps": 51},
        {"steps": "many"},
        {"guidance": 0},
        {"scheduler": "heun"},
        {"fast_steps": 5},
    ],
)
def test_defaults_that_the_offer_would_refuse_are_refused(stated: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        offer_of(stated, (64,), fast=True, control=False)


def test_parameters_follow_the_offer() -> None:
    assert {parameter.name: parameter.default for parameter in Offer((64,), guidance=3).parameters}["guidance"] == 3


def test_what_is_offered_can_be_built() -> None:
    assert tuple(SCHEDULERS) == SOLVERS


@pytest.mark.parametrize("name", SCHEDULERS)
def test_a_solver_keeps_its_latest_estimate(folder: Path, name: str) -> None:
    """Of a network that predicts that everything is noise already, v = α·noise - σ·0: the estimate is nothing."""
    scheduler = build(load(folder, "cpu").scheduler, name)
    watched = Watched(scheduler)
    scheduler.set_timesteps(5)
    sample = torch.randn(1, 16, 8, 8, generator=torch.Generator().manual_seed(0))
    step = scheduler.timesteps[2]
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(2)
    scaled = scheduler.scale_model_input(sample, step)
    alpha = scheduler.alphas_cumprod[int(step)] ** 0.5
    velocity = scaled * alpha / (1 - alpha**2) ** 0.5
    scheduler.step(velocity, step, sample, return_dict=False)
    assert watched.estimate is not None
    assert watched.estimate.abs().max() < 0.02


def test_a_configuration_of_no_solver_is_refused() -> None:
    with pytest.raises(IntegrityError, match="cannot be built"):
        build({"beta_schedule": "nonsense"}, "dpm++")
    with pytest.raises(IntegrityError, match="cannot be built"):
        build_fast({"num_train_timesteps": "many"})

"""CLIPs that open_clip saved, as classifiers: by texts for each class, or by a linear probe on the embedding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import torch
from PIL import Image
from torch.nn import functional

from core.errors import ConfigurationError, CountersignError, IntegrityError
from core.media import Pixels
from core.weights import load_pinned
from detectors.own.files import Opened
from detectors.own.network import Classify, Network, loading, need
from detectors.own.settings import OwnCheckpoint
from detectors.verdicts.running import Runner

LIBRARY = "open_clip"
_CONFIG = "open_clip_config.json"
Headed: TypeAlias = tuple[Classify, tuple[str, ...]]
"""What classifies, and the names of its classes."""


def load(checkpoint: OwnCheckpoint, opened: Opened, runner: Runner) -> Network:
    """Its folder: open_clip_config.json, safetensors, and tokenizer files where the tokenizer is not open_clip's own.

    Raises ConfigurationError for settings that do not fit, and IntegrityError for a folder that does not.
    """
    need(checkpoint.name, "open_clip", "open-clip-torch")
    import open_clip

    with loading(checkpoint.name, LIBRARY):
        _refuse_fetching(checkpoint.name, _config(opened.path))
        model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{opened.path}")
        runner.place(model)
    head = _prompted if checkpoint.given.prompts else _probed
    classify, classes = head(checkpoint, opened, runner, model)

    def prepare(pixels: Pixels) -> torch.Tensor:
        picture: torch.Tensor = transform(Image.fromarray(pixels))
        return picture

    return Network(classify, prepare, classes)


def _config(folder: Path) -> dict[str, Any]:
    """What open_clip calls the model's configuration."""
    found: dict[str, Any] = json.loads((folder / _CONFIG).read_text(encoding="utf-8"))["model_cfg"]
    return found


def _refuse_fetching(name: str, config: dict[str, Any]) -> None:
    """A text tower that transformers builds is described at a hub, not in the folder."""
    towers = (config["vision_cfg"], config["text_cfg"])
    if any("hf_model_name" in tower for tower in towers):
        raise ConfigurationError(f"the detector {name}: its text tower hf_model_name would be fetched from a hub")
    if any(":" in str(tower.get("timm_model_name", "")) for tower in towers):
        raise ConfigurationError(f"the detector {name}: its timm_model_name would be fetched from a hub")


def _prompted(checkpoint: OwnCheckpoint, opened: Opened, runner: Runner, model: Any) -> Headed:
    """Cosines with the mean of each class's texts, times the model's own scale (Radford et al. 2021, section 3.1.4)."""
    import open_clip

    if checkpoint.outputs != "softmax":
        raise ConfigurationError(f"the detector {checkpoint.name}: outputs of prompts are softmax")
    with loading(checkpoint.name, LIBRARY), torch.inference_mode():
        # A folder's own arguments reach transformers, and one of them would run a repository's code: ours hold.
        of_transformers = bool(_config(opened.path)["text_cfg"].get("hf_tokenizer_name"))
        safe: dict[str, Any] = {"trust_remote_code": False} if of_transformers else {}
        tokenise: Any = open_clip.get_tokenizer(f"local-dir:{opened.path}", **safe)
        means = [
            model.encode_text(tokenise(list(texts)).to(runner.device), normalize=True).mean(dim=0)
            for texts in checkpoint.given.prompts.values()
        ]
        towards = functional.normalize(torch.stack(means), dim=-1).float()
        scale = model.logit_scale.exp().float()

    def classify(pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        embedded = model.encode_image(pictures, normalize=True).float()
        with _exactly(runner):
            return (scale * (embedded @ towards.T),)

    return classify, tuple(checkpoint.given.prompts)


def _probed(checkpoint: OwnCheckpoint, _: Opened, runner: Runner, model: Any) -> Headed:
    """The probe's classes."""
    weight, bias = (each.to(runner.device) for each in _probe(checkpoint))

    def classify(pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        embedded = model.encode_image(pictures, normalize=checkpoint.given.normalise).float()
        with _exactly(runner):
            return (functional.linear(embedded, weight, bias),)

    return classify, checkpoint.given.classes


def _exactly(runner: Runner) -> torch.autocast:
    """The last product in float32: it is small, it decides, and a CLIP's scale makes a hundredth of it one."""
    return torch.autocast(runner.device.type, enabled=False)


def _probe(checkpoint: OwnCheckpoint) -> tuple[torch.Tensor, torch.Tensor]:
    given, name = checkpoint.given, checkpoint.name
    if given.probe is None:
        raise ConfigurationError(f"the detector {name}: set prompts, or probe and probe_sha256")
    try:
        tensors = load_pinned(given.probe, given.probe_sha256)
    except CountersignError as error:
        raise type(error)(f"the detector {name}: probe: {error}") from error
    weight = tensors.get("weight")
    if weight is None or weight.ndim != 2:
        raise IntegrityError(f"the detector {name}: probe holds no tensor `weight` of the shape (classes, width)")
    bias = tensors.get("bias", torch.zeros(len(weight)))
    if bias.shape != (len(weight),):
        found = tuple(bias.shape)
        raise IntegrityError(f"the detector {name}: the tensor `bias` of probe has the shape {found}, not (classes,)")
    return weight.float(), bias.float()

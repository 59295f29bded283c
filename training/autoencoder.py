"""Trains the autoencoder that turns pictures into latents and back, then exports it.

    python -m training.autoencoder training/recipes/scenes/autoencoder.yaml [--profile smoke] [--resume]

The checkpoint lies in `runs/<name>/`, the model in `--output`, which is the run's own folder unless said otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Unpack

import numpy as np
import torch
from diffusers.models.resnet import ResnetBlock2D
from torch import nn

from core.errors import ConfigurationError
from training.checkpoint import State
from training.harness.conduct import Following, conduct, opened
from training.harness.export import Sources, save_model
from training.harness.folder import pin_folder
from training.harness.models import ModelSpec, build
from training.harness.pictures import Ahead, as_tensor
from training.harness.pipeline import load_coder
from training.harness.plan import ScenePlan
from training.loss import frequency_loss, pixel_loss
from training.run import Run, parser_of
from training.scenes.source import Source

_MEASURED = 512
_FIRST_LOG_VARIANCE = -6.0


class AutoencoderPlan(ScenePlan):
    """Weights of the loss beside the mean square. absolute: of the absolute difference, alone it would first learn
    that most of a scene is white. spectra: of that between spectra. divergence: of the latents from a unit normal.
    learns: "decoder" leaves the latents as they are, and with them every model that was trained on them.
    """

    model: ModelSpec
    absolute: float
    spectra: float
    divergence: float
    learns: Literal["both", "decoder"] = "both"


class Autoencoding:
    """Pictures → latents → pictures."""

    def __init__(self, plan: AutoencoderPlan, source: Source) -> None:
        self._plan = plan
        self._batches = Ahead(
            lambda step: as_tensor(
                np.stack([source.example(step * plan.batch + index).picture for index in range(plan.batch)])
            )
        )

    def loss(self, network: nn.Module, step: int) -> tuple[torch.Tensor, Mapping[str, float]]:
        """See `Task`. Figures: PSNR of the reconstruction, dB."""
        wanted = self._batches(step).to(next(network.parameters()).device, memory_format=torch.channels_last)
        latents = network.encode(wanted).latent_dist  # type: ignore[operator]
        made = network.decode(latents.sample()).sample.float()  # type: ignore[operator]
        loss = (made - wanted).square().mean() + self._plan.absolute * pixel_loss(made, wanted)
        loss = loss + self._plan.spectra * frequency_loss(made, wanted)
        loss = loss + self._plan.divergence * latents.kl().float().mean()
        return loss, {"psnr": _psnr(made.detach(), wanted)}


def run_training(
    run: Run[AutoencoderPlan],
    source: Source,
    start: nn.Module | None = None,
    **following: Unpack[Following],
) -> State:
    """See `conduct`. start: the autoencoder to go on from, None for a fresh one.

    Raises ConfigurationError when only a decoder is to learn and there is no autoencoder to take it from.
    """
    if run.recipe.learns == "decoder" and start is None:
        raise ConfigurationError("a decoder learns the latents of an encoder: name it with --start")
    return conduct(run, lambda: _network(run.recipe, start), lambda _: Autoencoding(run.recipe, source), **following)


def _network(plan: AutoencoderPlan, start: nn.Module | None) -> nn.Module:
    network = start or nearly_certain(build(plan.model))
    if plan.learns == "decoder":
        for part in (network.encoder, network.quant_conv):
            part.requires_grad_(False)
    return network


def nearly_certain(network: nn.Module) -> nn.Module:
    """The autoencoder with little noise on its latents to begin with, and residual blocks that do nothing yet.

    At a deviation of 1, as it is built, the decoder learns to ignore the latents, and takes long to turn back. Blocks
    that start at nothing (as in Dhariwal and Nichol 2021) reached 18 dB in half the steps.
    """
    for module in network.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
    with torch.no_grad():
        means, spreads = network.quant_conv.weight.chunk(2), network.quant_conv.bias.chunk(2)  # type: ignore[union-attr, operator]
        means[1].zero_()
        spreads[1].fill_(_FIRST_LOG_VARIANCE)
    return network


def measure(network: nn.Module, source: Source, count: int = _MEASURED) -> dict[str, float]:
    """PSNR (dB) of reconstructions of scenes that training did not draw, and the scale that gives latents unit spread.

    The means of the latents are coded, as serving does.
    """
    device = next(network.parameters()).device
    values, spread = [], []
    with torch.inference_mode():
        for start in range(0, count, 64):
            wanted = as_tensor(np.stack([source.example(2**40 + start + index).picture for index in range(64)]))
            latents = network.encode(wanted.to(device)).latent_dist.mode()  # type: ignore[operator]
            values.append(_psnr(network.decode(latents).sample, wanted.to(device)))  # type: ignore[operator]
            spread.append(latents.square().mean().item())
    return {"psnr": float(np.mean(values)), "scaling_factor": 1 / float(np.sqrt(np.mean(spread)))}


def _psnr(made: torch.Tensor, wanted: torch.Tensor) -> float:
    error = (made.clamp(-1, 1) - wanted).square().mean(dim=(1, 2, 3))
    return float((10 * torch.log10(4 / error)).mean())


def main() -> None:
    """Command line."""
    parser = parser_of("training.autoencoder", __doc__)
    parser.add_argument("--output", type=Path, help="receives the model; pinned where a weights.toml lies beside")
    parser.add_argument("--start", type=Path, help="folder of an autoencoder to go on from")
    arguments = parser.parse_args()
    run, source, following = opened(arguments, AutoencoderPlan)
    start = load_coder(arguments.start).requires_grad_(True) if arguments.start else None
    state = run_training(run, source, start, **following)
    measured = measure(state.average, source)
    if run.recipe.learns == "both":
        state.average.register_to_config(scaling_factor=measured["scaling_factor"])  # type: ignore[operator]
    folder: Path = arguments.output or run.folder / "vae"
    save_model(folder, state.average, Sources.of(run, arguments.recipe, state), measured)
    if (folder.parent / "weights.toml").is_file():
        pin_folder(folder.name, folder)
    print("  ".join(f"{name} {value:.3f}" for name, value in measured.items()))


if __name__ == "__main__":
    main()

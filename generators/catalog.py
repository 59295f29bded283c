"""The generators that this build ships: the one place that names them all.

This module knows names, files and defaults. It does not know how anything is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidInput, NotFound, PreconditionFailed
from core.registry import Registry
from core.weight_folder import PinnedFolder, read_folders
from core.weights import PinnedWeights, read_manifest
from generators import cards, restoration
from generators.auto import Auto
from generators.base import PHOTO, Generator
from generators.burst.finishing import Finish
from generators.burst.generator import BurstMerger
from generators.burst.merging import SCALE
from generators.classical import interpolation
from generators.classical.filtering import Filtered
from generators.classical.table import FILTERS
from generators.denoise import NonLocalMeans
from generators.diffusion import waiting
from generators.learned import LearnedDeblurrer, LearnedDenoiser, ToldDenoiser
from generators.own import weights as own
from generators.own.generator import OwnUpscaler
from generators.own.settings import OwnWeights
from generators.restoration import Restorer
from generators.tiling import Plan
from generators.upscale import MAX_PIXELS, Upscaler

if TYPE_CHECKING:
    from generators.diffusion.checkpoint import Checkpoint

WEIGHTS = Path(__file__).parent / "weights"
"""Where the shipped weights lie."""
_HOW_TO_GET = {"text_to_image": ". An operator brings one by [[server.models]] in the configuration"}
"""What is added where no generator does a task that models are brought for."""
_UPSCALERS = ("upscale_x2", "upscale_x4")
_DENOISERS = (("nafnet", "denoise"),)
"""Learned ones, by the model's name and the weights'. Training pins what is better than every classical method."""
_TOLD = (("nafnet_sigma", "denoise_sigma"),)
"""Those that are told σ, likewise."""
_DEBLURRERS = (("nafnet_deblur", "deblur"),)
_PLEASING = (("perceptual", "perceptual_x4"),)
"""Enlargers that invent, likewise. Training pins what looks more like the original and follows from its input."""
_FINISH = "burst"
"""Weights of what finishes merged bursts, pinned where a merge is better with it."""
_TILE = 256
_PAINTERS = ("text_to_image",)
"""Built where the manifest has them, as the learned ones are."""


def build(
    weights_dir: Path, device: str, *, max_pixels: int = MAX_PIXELS, brought: Sequence[Checkpoint | OwnWeights] = ()
) -> Registry[Generator]:
    """Every generator, on `device` ("cpu", "cuda", "auto"). The first of a task is the task's default.

    Networks that ship are held against their digests now, and made with the first job that needs them.
    brought: the operator's own, which are loaded now and come last. Raises ConfigurationError for an unreadable
    manifest, an unknown device, a name that comes twice and a licence that nobody accepted, PreconditionFailed for
    weights that are not there, and IntegrityError for weights that differ from their pinned digest and for a brought
    model that holds no usable network.
    """
    manifest = weights_dir / "weights.toml"
    pinned, folders = read_manifest(manifest), read_folders(manifest)
    networks = [restoration.waiting(_entry(pinned, name), device) for name in _UPSCALERS]
    without_weights = classical(max_pixels)
    learned = [_denoiser(name, pinned[file], device) for name, file in _DENOISERS if file in pinned]
    generators = Registry[Generator]("generator")
    made: tuple[Generator, ...] = (
        Upscaler("compact", networks, cards.shipped("upscale.md"), max_pixels=max_pixels),
        *without_weights,
        *learned,
        *(_told(name, pinned[file], device) for name, file in _TOLD if file in pinned),
        *(_deblurrer(name, pinned[file], device) for name, file in _DEBLURRERS if file in pinned),
        *(_pleasing(name, pinned[file], device, max_pixels) for name, file in _PLEASING if file in pinned),
        _auto(without_weights, learned),
        *(
            BurstMerger(each, cards.shipped("burst.md"), finish=_finish(pinned, device), max_pixels=max_pixels)
            for each in networks
            if each.scale == SCALE
        ),
        *(_painter(folders[name], device, networks) for name in _PAINTERS if name in folders),
        *(_brought(model, networks, max_pixels) for model in brought),
    )
    for generator in made:
        generators.add(generator.name, generator)
    return generators


def models_by_weights() -> Mapping[str, str]:
    """The generator that runs on shipped weights, by their names in the manifest: one may run on several."""
    learned = {weights: name for name, weights in (*_DENOISERS, *_TOLD, *_DEBLURRERS, *_PLEASING)}
    return {
        **dict.fromkeys(_UPSCALERS, "compact"),
        **learned,
        _FINISH: BurstMerger.name,
        **{each: each for each in _PAINTERS},
    }


def classical(max_pixels: int = MAX_PIXELS) -> tuple[Generator, ...]:
    """The methods that need no weights, in the order of the catalog."""
    return (
        *(_interpolator(method, max_pixels) for method in interpolation.METHODS),
        NonLocalMeans(cards.shipped("denoise_nlm.md")),
        *(Filtered(each, cards.shipped(each.card)) for each in FILTERS),
    )


def choose(generators: Registry[Generator], task: str, name: str = "") -> Generator:
    """The generator `name` of `task`, or the task's default where `name` is empty.

    Raises NotFound, listing what there is, for an unknown task, and InvalidInput naming "model" for an unknown name and
    for a generator of another task.
    """
    if not name:
        return _default(generators, task)
    if name not in generators:
        there = ", ".join(each for each in generators.names() if generators.get(each).task == task)
        raise InvalidInput(f"there is no model {name!r}", field="model", limit=there or "none", found=name)
    generator = generators.get(name)
    if generator.task != task:
        raise InvalidInput(f"{name!r} does not do {task!r}", field="model", limit=task, found=generator.task)
    return generator


def _default(generators: Registry[Generator], task: str) -> Generator:
    for generator in generators:
        if generator.task == task:
            return generator
    tasks = ", ".join(dict.fromkeys(generator.task for generator in generators))
    raise NotFound(f"no generator does {task!r}; there are: {tasks}{_HOW_TO_GET.get(task, '')}")


def _interpolator(method: str, max_pixels: int) -> Generator:
    """What a learned upscaler has to beat."""
    return Upscaler(method, interpolation.enlargers(method), cards.shipped("interpolation.md"), max_pixels=max_pixels)


def _first(generators: Sequence[Generator], task: str) -> Generator:
    return next(generator for generator in generators if generator.task == task)


def _denoiser(name: str, weights: PinnedWeights, device: str) -> Generator:
    """A learned one, whose tiles overlap as far as its network was found to look."""
    return LearnedDenoiser(name, restoration.waiting(weights, device), cards.shipped(weights.card), _reaching(weights))


def _told(name: str, weights: PinnedWeights, device: str) -> Generator:
    """For photographs alone, whatever its card says: of measured values it is off by more than their noise."""
    network = restoration.waiting(weights, device, restoration.TOLD)
    card = replace(cards.shipped(weights.card), profiles=frozenset({PHOTO}))
    return ToldDenoiser(name, network, card, _reaching(weights))


def _deblurrer(name: str, weights: PinnedWeights, device: str) -> Generator:
    return LearnedDeblurrer(name, restoration.waiting(weights, device), cards.shipped(weights.card), _reaching(weights))


def _reaching(weights: PinnedWeights) -> Plan:
    return Plan(_TILE, int(weights.parameters["margin"]))


def _pleasing(name: str, weights: PinnedWeights, device: str, max_pixels: int) -> Generator:
    """One that says of its outputs that they hold what nobody saw, and is refused where values are measured."""
    network, plan = restoration.waiting(weights, device), Plan(_TILE, int(weights.parameters["margin"]))
    card = replace(cards.shipped(weights.card), profiles=frozenset({PHOTO}))  # whatever the card says
    return OwnUpscaler(name, network, card, plan, perceptual=True, max_pixels=max_pixels)


def _finish(pinned: Mapping[str, PinnedWeights], device: str) -> Finish | None:
    if _FINISH not in pinned:
        return None
    weights = pinned[_FINISH]
    plan, doubt = Plan(_TILE, int(weights.parameters["margin"])), float(weights.parameters["doubt"])
    return Finish(restoration.waiting(weights, device), plan, doubt)


def _auto(without_weights: Sequence[Generator], learned: Sequence[Generator]) -> Generator:
    """By measured skill: a learned denoiser is pinned only where it beat all classical ones, at noise and at JPEG."""
    denoise = learned[0] if learned else _first(without_weights, "denoise")
    sharpen = _first(without_weights, "sharpen")
    return Auto(denoise, sharpen, cards.shipped("auto.md"), repairs_jpeg=bool(learned))


def _painter(folder: PinnedFolder, device: str, networks: Sequence[Restorer]) -> Generator:
    """Text to image."""
    return waiting.painter(folder, cards.shipped(folder.card), device, networks)


def _brought(model: Checkpoint | OwnWeights, networks: Sequence[Restorer], max_pixels: int) -> Generator:
    """A model of the operator's own. Imported here: diffusers takes seconds, which few servers need to spend."""
    if isinstance(model, OwnWeights):
        return own.load(model, max_pixels)
    from generators.diffusion import checkpoint as diffusers

    return diffusers.load(model, networks)


def _entry(manifest: Mapping[str, PinnedWeights], name: str) -> PinnedWeights:
    if name not in manifest:
        raise PreconditionFailed(f"the weights manifest lacks {name!r}; it has: {', '.join(manifest) or 'nothing'}")
    return manifest[name]

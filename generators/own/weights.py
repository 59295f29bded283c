"""Bring your own: a safetensors file with a restoration network, as a generator.

    1. Hold the file against its pinned digest; a pickle is refused before anything is read out of it.
    2. Read the licence out of its header, and refuse what is not free for every use and not accepted by name.
    3. Let spandrel recognise the architecture from the tensors, and with it the factor and the pixel grid.
    4. Make it an upscaler, or a restorer of the task that the operator names.

Nobody can tell from a network whether it was trained to be faithful or to please. Unless the operator says that it is
faithful it counts as one that invents: outputs say so, and it is for photographs alone.
"""

from __future__ import annotations

import hashlib

from core import licences
from core.errors import ConfigurationError, IntegrityError
from core.weights import PinnedWeights
from generators import restoration
from generators.base import PHOTO, Card, Generator
from generators.own.generator import OwnRestorer, OwnUpscaler
from generators.own.settings import OwnWeights
from generators.restoration import Restorer
from generators.tiling import Plan

UPSCALE = "upscale"


def load(weights: OwnWeights, max_pixels: int) -> Generator:
    """The generator. max_pixels: the most pixels of one enlargement.

    Raises ConfigurationError for a pickle, contradictory settings and a licence that is not accepted,
    PreconditionFailed for a file that is not there, and IntegrityError for another digest and for no network that
    spandrel knows.
    """
    if weights.perceptual and weights.profiles != {PHOTO}:
        raise ConfigurationError(f"the model {weights.name} may invent, so it is for {PHOTO!r} alone")
    pinned = PinnedWeights(weights.name, weights.path, weights.sha256, architecture="")
    network = restoration.load(pinned, weights.device)
    licence = licences.accepted(weights.name, stated_by(pinned), weights.licence, weights.accept_licence)
    card, plan = _card(weights, network, licence), Plan(weights.tile, weights.margin)
    task = task_of(weights.name, weights.task, network.scale)
    if task == UPSCALE:
        return OwnUpscaler(weights.name, network, card, plan, perceptual=weights.perceptual, max_pixels=max_pixels)
    return OwnRestorer(weights.name, task, network, card, plan, perceptual=weights.perceptual)


def task_of(name: str, stated: str, scale: int) -> str:
    """What a network of that factor does. Raises ConfigurationError where that is not told, or told wrong."""
    if scale > 1:
        if stated not in {"", UPSCALE}:
            raise ConfigurationError(f"the model {name} enlarges ×{scale}, so its task is {UPSCALE!r}, not {stated!r}")
        return UPSCALE
    if stated in {"", UPSCALE}:
        raise ConfigurationError(f"the model {name} does not enlarge; set task to what it does: denoise, deblur, …")
    return stated


def stated_by(pinned: PinnedWeights) -> str:
    """The licence that the header of a safetensors file names; "" for none, and for what is no text.

    The bytes are held against the digest once more: others than those that were loaded MUST NOT speak for them. That
    they are safetensors was found when they were loaded. Raises IntegrityError.
    """
    data = pinned.path.read_bytes()
    if hashlib.sha256(data).hexdigest() != pinned.sha256:
        raise IntegrityError(f"the weights {pinned.path.name} changed while they were loaded")
    return licences.in_header(data)


def _card(weights: OwnWeights, network: Restorer, licence: str) -> Card:
    kind = network.network.architecture.name
    does = f"enlarges ×{network.scale}" if network.scale > 1 else f"does {weights.task!r}"
    summary = f"A {kind} network that {does}, brought by the operator."
    limits = "Nothing about it was measured here."
    if weights.perceptual:
        limits += " It counts as one that invents: detail in its outputs may not have been in the picture."
    if network.whole_by_choice:
        limits += " Its architecture looks at the whole picture, so that tiles may show."
    markdown = (
        f"# {weights.name}\n\n{summary}\n\n{limits}\n\n- Architecture: {kind}\n- Digest: sha256:{network.digest}\n"
    )
    return Card(licence, summary, limits, markdown, weights.profiles)

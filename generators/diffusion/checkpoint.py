"""Bring your own: any text-to-image folder that diffusers saved, or the id of one at a hub, as a generator.

    1. Find the folder; a hub's only in the local cache, unless the operator allows the download.
    2. Copy what may be loaded (no pickles, no Python) to a private place, and digest the copies.
    3. Hold the digest against the pinned one, unless the operator runs it unpinned, which is warned of by name.
    4. Read the licence, and refuse what is not free for every use and not accepted by name.
    5. Load: a Stable Diffusion into everything that `TextToImage` can do, others into what pipelines have in common.

Code that comes with a model is never run: only classes of diffusers and transformers are named, from this side.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core import hub, licences
from core.errors import ConfigurationError, IntegrityError
from core.weight_folder import files_of, private_copy, tree_digest
from generators.base import PHOTO, Card, Generator
from generators.diffusion import components, enlarging, neighbours, pipelines
from generators.diffusion.neighbours import Neighbours
from generators.diffusion.offer import MAX_STEPS, STEPS, Offer
from generators.diffusion.piped import Piped
from generators.diffusion.text_to_image import TextToImage
from generators.restoration import Restorer

_log = logging.getLogger(__name__)
_STABLE_DIFFUSION = "StableDiffusionPipeline"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the operator says of a model.

    name: snake_case, by which orders ask for it. path: its folder; hub: in its place the id "owner/name", with
    revision. allow_download: whether it may be fetched. sha256: of all its files, see `core.weight_folder.tree_digest`;
    unpinned: run it without. licence, accept_licence: see `licences.accepted`. device: see `core.devices.pick_device`.
    max_steps, max_size: the most that an order may ask for; the size is a side, in pixels.
    """

    name: str
    path: Path | None = None
    hub: str = ""
    revision: str = "main"
    allow_download: bool = False
    sha256: str = ""
    unpinned: bool = False
    licence: str = ""
    accept_licence: str = ""
    device: str = "auto"
    max_steps: int = MAX_STEPS
    max_size: int = 1024


def load(checkpoint: Checkpoint, networks: Sequence[Restorer] = ()) -> Generator:
    """The generator. networks: upscalers, for sizes above the model's own.

    Raises ConfigurationError for contradictory settings and for a licence that is not accepted, PreconditionFailed for
    a model that is not there, and IntegrityError for another digest and for a folder that cannot be loaded.
    """
    sources = _sources(checkpoint)
    with private_copy(sources) as (folder, found):
        digest = tree_digest(found)
        _check_digest(checkpoint, digest)
        stated = licences.stated_by(folder)
        licence = licences.accepted(checkpoint.name, stated, checkpoint.licence, checkpoint.accept_licence)
        kind = pipelines.kind_of(folder, checkpoint.name)
        card = _card(checkpoint, licence, folder, kind)
        if kind != _STABLE_DIFFUSION:
            return _other(checkpoint, folder, card, digest, networks)
        named = found.get(neighbours.FILE)
        known = neighbours.load(folder / neighbours.FILE, named) if named else None
        return _stable_diffusion(checkpoint, folder, card, digest, networks, known)


def digest_of(folder: Path) -> str:
    """What `sha256` has to be for a folder as it is now."""
    with private_copy(files_of(folder)) as (_, found):
        return tree_digest(found)


def _check_digest(checkpoint: Checkpoint, digest: str) -> None:
    if checkpoint.unpinned == bool(checkpoint.sha256):
        raise ConfigurationError(f"the model {checkpoint.name} needs its sha256, or unpinned to run without")
    if checkpoint.unpinned:
        _log.warning("the model %s runs UNPINNED: its files are whatever is there, now %s", checkpoint.name, digest)
    elif checkpoint.sha256 != digest:
        raise IntegrityError(f"the model {checkpoint.name} has sha256 {digest}, pinned is {checkpoint.sha256}")


def _stable_diffusion(
    checkpoint: Checkpoint,
    folder: Path,
    card: Card,
    digest: str,
    networks: Sequence[Restorer],
    known: Neighbours | None,
) -> Generator:
    parts = components.load(folder, checkpoint.device, checkpoint.name)
    enlarger = enlarging.of(networks, checkpoint.max_size)
    _check_size(checkpoint, parts.native)
    offer = Offer(
        enlarger.sizes(parts.native),
        steps=min(STEPS, checkpoint.max_steps),
        max_steps=checkpoint.max_steps,
        guidance=7.5,  # what Stable Diffusion's own pipelines take
        fast=parts.unet_fast is not None,
        control=parts.controlnet is not None,
    )
    return TextToImage(checkpoint.name, parts, card, digest, offer, enlarger=enlarger, neighbours=known)


def _other(checkpoint: Checkpoint, folder: Path, card: Card, digest: str, networks: Sequence[Restorer]) -> Generator:
    pipeline = pipelines.load(folder, checkpoint.device, checkpoint.name)
    native = pipelines.native_of(pipeline, checkpoint.max_size)
    _check_size(checkpoint, native)
    enlarger = enlarging.of(networks, checkpoint.max_size)
    return Piped(checkpoint.name, pipeline, card, digest, native, enlarger=enlarger, max_steps=checkpoint.max_steps)


def _check_size(checkpoint: Checkpoint, native: int) -> None:
    if native > checkpoint.max_size:
        raise ConfigurationError(
            f"the model {checkpoint.name} makes pictures of {native} pixels a side, max_size is {checkpoint.max_size}"
        )


def _sources(checkpoint: Checkpoint) -> dict[str, Path]:
    """The files that may be loaded, by their path within the folder."""
    if (checkpoint.path is None) == (not checkpoint.hub):
        raise ConfigurationError(f"the model {checkpoint.name} needs either a path or the id of one at a hub")
    if checkpoint.path is not None:
        return files_of(checkpoint.path)
    return hub.files_of(checkpoint.hub, checkpoint.revision, download=checkpoint.allow_download)


def _card(checkpoint: Checkpoint, licence: str, folder: Path, kind: str) -> Card:
    origin = checkpoint.hub or "a folder of the operator's"
    text = licences.card_of(folder)
    return Card(
        licence=licence,
        summary=f"A {kind} from {origin}, brought by the operator.",
        limits="Nothing about it was measured here; its own card says what its makers know.",
        markdown=f"# {checkpoint.name}\n\nA {kind} from {origin}, brought by the operator.\n\n{text}".rstrip() + "\n",
        profiles=frozenset({PHOTO}),
    )

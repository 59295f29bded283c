"""Who makes the pictures that are judged: a model, as it is served, or the compositor, which cannot be wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from core.media import Pixels
from core.weight_folder import PinnedFolder, files_of, read_folders
from generators.base import Card, Generator, Job, Value
from generators.diffusion import neighbours, shipped
from generators.diffusion.neighbours import Neighbours
from training.evaluation.shown import as_media
from training.evaluation.text_to_image.tasks import Prompt
from training.scenes.scene import Box
from training.scenes.source import Source

_BATCH = 8
_UNSEEN = 2**42  # composites from here on stand where no training picture's things do
Advance = Callable[[int], None]


class Maker(Protocol):
    """Prompts → pictures, RGB uint8, in order. advance: told how many more are there."""

    def make(self, prompts: Sequence[Prompt], advance: Advance) -> list[Pixels]:
        """See the class."""
        ...


@dataclass(frozen=True, slots=True)
class Composites:
    """The compositor. draw: which of its pictures of a scene; others of the same scene stand elsewhere."""

    source: Source
    draw: int = 0

    def make(self, prompts: Sequence[Prompt], advance: Advance) -> list[Pixels]:
        """See `Maker`."""
        made = []
        for prompt in prompts:
            made.append(self.compose(prompt)[0])
            advance(1)
        return made

    def compose(self, prompt: Prompt) -> tuple[Pixels, tuple[Box, ...]]:
        """One picture, and where its things stand."""
        return self.source.picture(prompt.scene, _UNSEEN + (self.draw << 32) + prompt.seed)


@dataclass(frozen=True, slots=True)
class Served:
    """A generator with settings, asked in batches as the server asks it."""

    generator: Generator
    settings: Mapping[str, Value] = field(default_factory=dict)

    def make(self, prompts: Sequence[Prompt], advance: Advance) -> list[Pixels]:
        """See `Maker`."""
        return self.follow(prompts, [None] * len(prompts), advance)

    def follow(self, prompts: Sequence[Prompt], controls: Sequence[Pixels | None], advance: Advance) -> list[Pixels]:
        """With a control picture for each prompt, RGB uint8 (h, w, 3); all have one, or none has."""
        made: list[Pixels] = []
        for batch in _batches(list(zip(prompts, controls, strict=True))):
            outputs = self.generator.generate([self._job(*each) for each in batch], lambda _: None, lambda: False)
            made += [output.frame.pixels for output in outputs]
            advance(len(batch))
        return made

    def _job(self, prompt: Prompt, control: Pixels | None) -> Job:
        shown = None if control is None else as_media(control)
        return Job(None, prompt=prompt.caption, seed=prompt.seed, parameters=dict(self.settings), control=shown)


def pinned(folder: Path) -> PinnedFolder:
    """A model's folder as the manifest beside it pins it; one that none pins, such as a run's, as it lies there."""
    manifest = folder.parent / "weights.toml"
    known = read_folders(manifest) if manifest.is_file() else {}
    if folder.name in known:
        return known[folder.name]
    files = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files_of(folder).items()}
    return PinnedFolder(folder.name, folder, files)


def served(weights: PinnedFolder, settings: Mapping[str, Value], device: str = "cpu") -> Served:
    """The model of a folder. Raises as `shipped.load` does."""
    nothing = Card(licence=weights.licence, summary="", limits="", markdown="")
    return Served(shipped.load(weights, nothing, device), settings)


def known_pictures(weights: PinnedFolder) -> Neighbours | None:
    """What its training pictures look like, where the folder says so."""
    digest = weights.files.get(neighbours.FILE)
    return neighbours.load(weights.path / neighbours.FILE, digest) if digest else None


def _batches(asked: Sequence[tuple[Prompt, Pixels | None]]) -> Iterator[Sequence[tuple[Prompt, Pixels | None]]]:
    return (asked[start : start + _BATCH] for start in range(0, len(asked), _BATCH))

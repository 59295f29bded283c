"""Puts the parts of text to image into the folder that ships, and pins every file of it.

    python -m training.shipping --pipeline FOLDER [--fast FOLDER] [--controlnet FOLDER] [--output generators/weights]

Beside what training made, the folder gets the descriptions of all drawings that scenes are made of, by which serving
tells whether an output is a copy of one, and the words of its captions, by which it tells that a prompt has others.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from generators.diffusion import lexicon, neighbours
from training.corpora.photographs import DEFAULT_CACHE
from training.harness.folder import pin_folder
from training.scenes.captions import paraphrase
from training.scenes.compose import Compositor
from training.scenes.grammar import Grammar
from training.scenes.prior import read_prior
from training.scenes.scene import Box, Group, Scene
from training.scenes.source import drawings_of
from training.scenes.vocabulary import Vocabulary, read_vocabulary

NAME = "text_to_image"
CARD = "text_to_image.md"
GUIDANCE = 3.0
"""By default: of 2.5, 5 and 8 the least had by far the lowest KID, and no task was done better by more."""
MEMORISED = 0.95
"""Similarity from which an output counts as a copy: see `generators.diffusion.neighbours` for how far others are."""
_PRIOR = "balanced"  # priors differ in how often, not in what
_CAPTIONS = 50_000
_DRAWN = 60  # pixels: as large as scenes show a thing
_OPTIONAL = {"fast": "unet_fast", "controlnet": "controlnet"}


def assemble(folder: Path, pipeline: Path, parts: dict[str, Path | None], cache: Path) -> None:
    """Writes the whole model into `folder`, in place of what was there.

    pipeline: what `training.text_to_image` made. parts: by name ("fast", "controlnet"), None for what there is not.
    cache: of the sprites.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(pipeline, partial)
    for name, part in parts.items():
        if part is not None:
            shutil.copytree(part, partial / _OPTIONAL[name])
    vocabulary = read_vocabulary()
    keys, described = zip(*_described(vocabulary, drawings_of(vocabulary, cache)), strict=True)
    neighbours.save(partial / neighbours.FILE, np.stack(described), keys, MEMORISED)
    (partial / lexicon.FILE).write_text("".join(f"{word}\n" for word in taught(vocabulary)), encoding="utf-8")
    for path in partial.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def taught(vocabulary: Vocabulary) -> list[str]:
    """The words of all captions, as far as enough of them show."""
    grammar, rng = Grammar(vocabulary, read_prior(_PRIOR)), np.random.default_rng(0)
    scenes = (grammar.training(rng) for _ in range(_CAPTIONS))
    return sorted({word for scene in scenes for word in lexicon.words_in(paraphrase(scene, vocabulary, rng))})


def _described(
    vocabulary: Vocabulary, drawings: dict[str, npt.NDArray[np.uint8]]
) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Every drawing by name, "flat:man doctor, dark skin", in every colour that scenes give it."""
    compositor = Compositor(vocabulary, drawings)
    for style in vocabulary.styles:
        for group in _groups(vocabulary):
            picture = compositor.place(Scene((group,), style), (Box(0, 0.0, 0.0, 1.0),), _DRAWN)
            yield f"{style}:{_name(group, vocabulary)}", neighbours.describe(picture)[0]


def _groups(vocabulary: Vocabulary) -> Iterator[Group]:
    for word in vocabulary.objects:
        yield Group(word)
        if word in vocabulary.coloured:
            yield from (Group(word, colour=colour) for colour in vocabulary.colours)
    for role in vocabulary.roles:
        for gender in ("man", "woman"):
            yield from (Group(role, gender=gender, tone=tone) for tone in range(len(vocabulary.tones) + 1))


def _name(group: Group, vocabulary: Vocabulary) -> str:
    words = " ".join(word for word in (group.colour, group.gender, group.word) if word)
    return words + (f", {vocabulary.tones[group.tone - 1]} skin" if group.tone else "")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m training.shipping", description=__doc__)
    parser.add_argument("--pipeline", type=Path, required=True, help="what training.text_to_image made")
    parser.add_argument("--fast", type=Path, help="what training.distillation made")
    parser.add_argument("--controlnet", type=Path, help="what training.controlnet made")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora.sprites built")
    parser.add_argument("--output", type=Path, default=Path("generators") / "weights")
    arguments = parser.parse_args()
    folder: Path = arguments.output / NAME
    parts = {"fast": arguments.fast, "controlnet": arguments.controlnet}
    assemble(folder, arguments.pipeline, parts, arguments.cache)
    pin_folder(NAME, folder, card=CARD, parameters={"guidance": GUIDANCE})
    print(f"{folder}: {sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()

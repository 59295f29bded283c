"""Captioned pictures, as a function of seed and index: what every model of scenes learns from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.errors import ConfigurationError
from training.corpora import sprites
from training.scenes.captions import paraphrase
from training.scenes.compose import Compositor
from training.scenes.grammar import Grammar
from training.scenes.prior import read_prior
from training.scenes.scene import Box, Scene
from training.scenes.vocabulary import Vocabulary, read_vocabulary

_SCENE, _DRAWN, _WORDED = 0, 1, 2


@dataclass(frozen=True, eq=False, slots=True)
class Example:
    """A scene, its picture (RGB uint8, side × side × 3), where its things stand, and a caption."""

    scene: Scene
    picture: npt.NDArray[np.uint8]
    boxes: tuple[Box, ...]
    caption: str


@dataclass(frozen=True, slots=True)
class Source:
    """Examples of one grammar. Picture `index` of a seed is the same on every machine."""

    grammar: Grammar
    compositor: Compositor
    seed: int
    side: int

    def scene(self, index: int) -> Scene:
        """The scene of that index, with no held-out combination."""
        return self.grammar.training(np.random.default_rng((self.seed, _SCENE, index)))

    def picture(self, scene: Scene, index: int) -> tuple[npt.NDArray[np.uint8], tuple[Box, ...]]:
        """A scene as that index places its things: RGB uint8 (side, side, 3), and where they stand."""
        return self.compositor.draw(scene, self.side, np.random.default_rng((self.seed, _DRAWN, index)))

    def caption(self, scene: Scene, index: int, wording: int = 0) -> str:
        """One of a scene's paraphrases."""
        rng = np.random.default_rng((self.seed, _WORDED, index, wording))
        return paraphrase(scene, self.grammar.vocabulary, rng)

    def example(self, index: int) -> Example:
        """The scene of that index, drawn and worded."""
        scene = self.scene(index)
        picture, boxes = self.picture(scene, index)
        return Example(scene, picture, boxes, self.caption(scene, index))


def open_source(cache: Path, prior: str, seed: int, side: int) -> Source:
    """The scenes drawn from the sprites in `cache`. Raises ConfigurationError where the corpus lacks a drawing."""
    vocabulary = read_vocabulary()
    return Source(
        Grammar(vocabulary, read_prior(prior)), Compositor(vocabulary, drawings_of(vocabulary, cache)), seed, side
    )


def drawings_of(vocabulary: Vocabulary, cache: Path) -> dict[str, npt.NDArray[np.uint8]]:
    """Every drawing that scenes can hold, by key: RGBA uint8 (128, 128, 4)."""
    rows = {row.key: row for row in sprites.read(cache)}
    wanted = vocabulary.keys()
    if missing := [key for key in wanted if key not in rows]:
        raise ConfigurationError(f"the sprites in the cache lack {', '.join(missing[:5])}")
    return {key: sprites.pixels(cache, rows[key]) for key in wanted}

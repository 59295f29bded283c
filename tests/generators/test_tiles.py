"""What a request gets does not show that it was made in tiles: every enhancer that ships, at every factor.

Networks look as far as their margins reach, classical methods too; what depends on the whole picture (levels of noise,
thresholds) is settled before it is cut. There is no exception so far; one would stand here with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from core.media import Kind, Pixels
from core.registry import Registry
from generators import catalog, tiling
from generators.base import Generator
from tests.generators.pictures import make, media, photo

EXCEPTIONS: Mapping[str, str] = {}
"""name: why its tiles can be told from the whole."""
ENHANCERS = tuple(
    each.name
    for each in catalog.build(catalog.WEIGHTS, "cpu")
    if each.inputs == {"source"} and Kind.IMAGE in each.kinds
)


def one_span(length: int, _: tiling.Plan) -> list[tiling.Span]:
    return [tiling.Span(0, length, 0, length)]


def noisy_photo() -> Pixels:
    """Texture, edges and noise in two tiles by two: whatever a method reacts to lies on both sides of an edge."""
    clean = photo("colosseum.jpg", 270, 290)
    spoilt = clean + np.random.default_rng(0).normal(0, 15, clean.shape)
    made: Pixels = np.rint(np.clip(spoilt, 0, 255)).astype(np.uint8)
    return made


@pytest.mark.parametrize("name", ENHANCERS)
def test_tiles_cannot_be_told_from_the_whole(
    generators: Registry[Generator], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator, source = generators.get(name), media(noisy_photo())
    scales = [str(value) for each in generator.parameters if each.name == "scale" for value in each.choices]
    blurs = [{"blur": "1.5"}] if any(each.name == "blur" for each in generator.parameters) else [{}]
    settings: list[dict[str, str]] = [{"scale": scale} for scale in scales] or blurs
    tiled = [make(generator, source, **each)[0].frame.pixels.astype(int) for each in settings]
    monkeypatch.setattr(tiling, "spans", one_span)
    for each, pixels in zip(settings, tiled, strict=True):
        whole = make(generator, source, **each)[0].frame.pixels
        assert (np.abs(pixels - whole).max() <= 1) == (name not in EXCEPTIONS)


def test_no_exception_is_left_behind() -> None:
    assert EXCEPTIONS.keys() <= set(ENHANCERS)

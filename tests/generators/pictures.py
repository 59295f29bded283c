"""Pictures and media for the generators' tests, made without the sandbox."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from core.media import Frame, Kind, Media, Pixels, View, digest_of
from generators.base import Generator, Job, Output
from generators.parameters import parse

PHOTOS = Path(__file__).parents[1] / "media"
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/avif": "AVIF", "image/tiff": "TIFF"}


def photo(name: str, height: int, width: int) -> Pixels:
    """The middle of a photograph of tests/media, read-only as decoded pixels are."""
    with Image.open(PHOTOS / name) as image:
        whole = np.asarray(image.convert("RGB"))
    top, left = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
    cut = whole[top : top + height, left : left + width].copy()
    cut.flags.writeable = False
    return cut


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    """A picture of random colours."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def media(
    pixels: Pixels,
    alpha: Pixels | None = None,
    mime: str = "image/png",
    tags: Mapping[str, bytes] | None = None,
    kind: Kind = Kind.IMAGE,
    facts: Mapping[str, int] | None = None,
) -> Media:
    """Media as the sandbox would hand it over. Its data only stand for a file: generators look at pixels and tags."""
    data = pixels.tobytes()
    arrays = {name: np.frombuffer(raw, np.uint8) for name, raw in (tags or {}).items()}
    views = {"tags": View(arrays=arrays), "pixels": View(facts=facts or {})}
    height, width = pixels.shape[:2]
    return Media(data, kind, mime, digest_of(data), width, height, 0.0, (Frame(pixels, alpha),), views)


def job(generator: Generator, source: Media | None, **settings: str) -> Job:
    """A job with its parameters as a request would give them."""
    return Job(source, parse(generator.parameters, settings))


def make(generator: Generator, *sources: Media, **settings: str) -> list[Output]:
    """The outputs for `sources` in one batch, with nobody watching."""
    return generator.generate([job(generator, source, **settings) for source in sources], lambda _: None, lambda: False)


def opened(output: Output) -> Image.Image:
    """The output's file, decoded."""
    image = Image.open(io.BytesIO(output.data))
    image.load()
    return image


def psnr(made: Pixels, wanted: Pixels) -> float:
    """Peak signal-to-noise ratio in dB over all channels."""
    error = float(np.mean((made.astype(np.float64) - wanted) ** 2))
    return float(10 * np.log10(255**2 / error)) if error else float("inf")

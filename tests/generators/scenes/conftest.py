"""Scenes as the sandbox's parsers read them, called in this process: the files are the tests' own."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.limits import Limits
from core.media import Kind, Media
from core.parsers.scenes import look, read
from core.sandbox import Request
from core.sandbox.assembly import assemble
from generators.base import Output
from generators.scenes.enhancing import check, enhance
from generators.scenes.method import Method, Tiled
from generators.tiling import Plan

Open = Callable[[bytes], Media]


def opened(data: bytes) -> Media:
    request = Request([data], "image/tiff", Limits())
    views = {"pixels": look.parse(request), "scene": read.parse(request)}
    return assemble(data, Kind.IMAGE, "image/tiff", "sha256:", views)


def cubic(scale: int) -> Method:
    """Enlargement that rings, as networks do."""

    def transform(tile: NDArray[np.float32]) -> NDArray[np.float32]:
        size = (tile.shape[1] * scale, tile.shape[0] * scale)
        return np.asarray(cv2.resize(tile, size, interpolation=cv2.INTER_CUBIC), np.float32)

    return Method(scale, lambda _: Tiled(transform, Plan(128, 4)))


def smooth() -> Method:
    """A denoiser that also darkens what it touches, which measured values must not show."""

    def transform(tile: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.GaussianBlur(tile, (5, 5), 1.0) * np.float32(0.9), np.float32)

    return Method(1, lambda _: Tiled(transform, Plan(128, 2)))


def made(data: bytes, method: Method) -> Output:
    """The enhanced scene."""
    scene = check(opened(data), method.scale, 100_000_000)
    return enhance(scene, method, lambda _: None, lambda: False)


@pytest.fixture(params=["uint8", "uint16", "int16", "float32"])
def dtype(request: pytest.FixtureRequest) -> str:
    return str(request.param)

"""Drawings of strangers become pixels, or are refused; either way the next one is drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from core.errors import CorruptMedia, LimitExceeded, ParserFailed
from training.corpora.svg import MAX_BYTES, Rasteriser

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">'
RED = "<rect width='100%' height='100%' fill='red'/></svg>"


def svg(width: int = 10, height: int = 10, body: str = RED) -> bytes:
    return (HEAD.format(width=width, height=height) + body).encode()


@pytest.fixture(scope="module")
def rasteriser() -> Iterator[Rasteriser]:
    with Rasteriser(32) as started:
        yield started


@pytest.mark.parametrize(("width", "height", "share"), [(10, 10, 1.0), (20, 10, 0.5), (10, 40, 0.25)])
def test_a_drawing_keeps_its_shape_in_the_middle_of_a_square(
    rasteriser: Rasteriser, width: int, height: int, share: float
) -> None:
    pixels = np.asarray(rasteriser.draw(svg(width, height)))
    assert pixels.shape == (32, 32, 4)
    drawn = pixels[..., 3] > 0
    assert drawn.mean() == pytest.approx(share, abs=0.05)
    assert drawn[16, 16]
    assert np.array_equal(drawn, drawn[::-1, ::-1])
    assert (pixels[drawn] == [255, 0, 0, 255]).all()


@pytest.mark.parametrize(
    "size", ["width='210mm' height='297mm'", "width='500pt' height='400pt'", "viewBox='0 0 900 900'"]
)
def test_what_lies_somewhere_on_a_page_is_cut_out(rasteriser: Rasteriser, size: str) -> None:
    thing = "<rect x='300' y='200' width='90' height='90' fill='red'/>"
    page = f"<svg xmlns='http://www.w3.org/2000/svg' {size}>{thing}</svg>"
    pixels = np.asarray(rasteriser.draw(page.encode()))
    assert (pixels[2:-2, 2:-2] == [255, 0, 0, 255]).all()


BOMB = (
    '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True))
    + ']><svg xmlns="http://www.w3.org/2000/svg"><text>&i;</text></svg>'
)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no drawing",
        b"\xff\xfe\x00",
        b"<svg",
        BOMB.encode(),
        svg(body="</svg>"),
        svg(body="<image href='/etc/hostname' width='9' height='9'/></svg>"),
        svg(body="<filter id='f'><feImage href='x.png'/></filter></svg>"),
    ],
    ids=["empty", "text", "bytes", "cut", "entities", "nothing", "image", "filter image"],
)
def test_what_is_no_harmless_drawing_is_refused(rasteriser: Rasteriser, data: bytes) -> None:
    with pytest.raises(CorruptMedia):
        rasteriser.draw(data)
    assert rasteriser.draw(svg()).size == (32, 32)


def test_a_large_file_is_refused(rasteriser: Rasteriser) -> None:
    with pytest.raises(LimitExceeded, match="too large"):
        rasteriser.draw(svg(body="<!--" + "x" * MAX_BYTES + "-->" + RED))


def test_a_drawing_that_would_be_endlessly_high_is_refused() -> None:
    with Rasteriser(32, seconds=2) as rasteriser, pytest.raises((CorruptMedia, ParserFailed)):
        rasteriser.draw(svg(width=1, height=10_000_000))


def test_a_drawing_that_takes_too_long_is_given_up_with_its_process() -> None:
    with Rasteriser(32, seconds=0) as impatient:
        for _ in range(2):
            with pytest.raises(ParserFailed, match="too long"):
                impatient.draw(svg())

"""A drawn label: inside the picture, high enough, readable on every ground, and nothing else touched."""

from __future__ import annotations

import io
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from core.errors import InvalidInput
from core.media import Frame, Pixels
from generators.marking import sign
from generators.marking.drawing import Box, Labelled, draw, upright
from generators.marking.label import Label, Mark, Placement
from generators.marking.plate import MIN_CHARACTER
from tests.generators.pictures import noise, photo

MARKS = Path(__file__).parents[2] / "docs/marks.md"
SIDES = st.integers(16, 320)
TEXTS = st.sampled_from(
    ["AI", "AI-generated", "Made with AI by Überall", "AI生成", "人工智能生成合成", "made by a model"]
)
LABELS = st.builds(
    Label, TEXTS, st.sampled_from(Mark), st.sampled_from(Placement), st.sampled_from([0.02, 0.05, 0.08, 0.15])
)
GROUNDS = st.sampled_from(["black", "white", "grey", "noise", "stripes"])


def ground(name: str, height: int, width: int) -> Pixels:
    if name == "noise":
        return noise(height, width)
    if name == "stripes":
        return np.tile((np.arange(width) // 3 % 2 * 255).astype(np.uint8)[None, :, None], (height, 1, 3))
    return np.full((height, width, 3), {"black": 0, "white": 255, "grey": 118}[name], np.uint8)


def part(pixels: Pixels, box: Box) -> Pixels:
    return pixels[box.top : box.top + box.height, box.left : box.left + box.width]


def wcag(one: float, other: float) -> float:
    """Contrast of two grey levels, by the text of WCAG 2.2."""

    def light(level: float) -> float:
        share = level / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    return (max(light(one), light(other)) + 0.05) / (min(light(one), light(other)) + 0.05)


def ink_rows(labelled: Labelled) -> int:
    """Rows that letters take, from the drawn pixels: what differs from the plate inside of the edge's line."""
    inside = part(labelled.frame.pixels, labelled.box)[1:-1, 1:-1, 0].astype(int)
    plate = int(inside[0, 0])
    rows = np.flatnonzero((np.abs(inside - plate) >= 117).any(axis=1))
    return int(rows[-1] - rows[0] + 1)


def drawn_or_refused(frame: Frame, label: Label) -> Labelled | None:
    """The labelled picture; None where it is refused, which MUST be for want of room."""
    try:
        return draw(frame, label)
    except InvalidInput as error:
        refusal = error
    height, width = frame.pixels.shape[:2]
    wide, high = map(int, refusal.limit.split()[3].split("×"))
    assert (refusal.field, refusal.found) == ("label", f"{width}×{height}")
    assert wide > width or high > height
    return None


@settings(max_examples=150, deadline=None)
@given(LABELS, SIDES, SIDES, GROUNDS)
def test_every_label_keeps_its_laws_or_is_refused(label: Label, height: int, width: int, name: str) -> None:
    pixels = ground(name, height, width)
    before = pixels.copy()
    drawn = drawn_or_refused(Frame(pixels, time=1.5), label)
    if drawn is None:
        return
    box, made = drawn.box, drawn.frame.pixels
    # inside the picture
    assert min(box.left, box.top) >= 0
    assert box.left + box.width <= width
    assert box.top + box.height <= height
    # nothing else touched, the input not at all
    assert np.array_equal(pixels, before)
    outside = np.ones((height, width), bool)
    outside[box.top : box.top + box.height, box.left : box.left + box.width] = False
    assert np.array_equal(made[outside], pixels[outside])
    # readable: two greys, far enough apart
    inside = part(made, box)
    assert (inside == inside[..., :1]).all()
    assert wcag(int(inside.min()), int(inside.max())) >= 4.5
    assert drawn.contrast == pytest.approx(wcag(int(inside.min()), int(inside.max())))
    # high enough
    assert drawn.character >= max(MIN_CHARACTER, label.height_fraction * min(height, width))
    assert ink_rows(drawn) >= drawn.character
    assert (drawn.frame.alpha, drawn.frame.time) == (None, 1.5)


@pytest.mark.parametrize("size", [(1080, 1920), (4000, 300), (300, 4000), (999, 777)])
@pytest.mark.parametrize("fraction", [0.05, 0.0731])
def test_capitals_are_measured_in_the_picture(size: tuple[int, int], fraction: float) -> None:
    drawn = draw(Frame(ground("grey", *size)), Label("HI", height_fraction=fraction))
    assert fraction * min(size) <= ink_rows(drawn) <= math.ceil(fraction * min(size)) + 1


@settings(max_examples=40, deadline=None)
@given(LABELS, st.integers(1, 8))
def test_it_stands_upright_as_people_see_it(label: Label, orientation: int) -> None:
    stored = noise(160, 230)
    picture = Image.fromarray(stored)
    picture.getexif()[274] = orientation
    shown = np.asarray(ImageOps.exif_transpose(picture))
    assert np.array_equal(upright(stored, orientation), shown)
    try:
        wanted = draw(Frame(shown), label)
    except InvalidInput:
        with pytest.raises(InvalidInput):
            draw(Frame(stored), label, orientation)
        return
    drawn = draw(Frame(stored), label, orientation)
    assert np.array_equal(upright(drawn.frame.pixels, orientation), wanted.frame.pixels)
    changed = (drawn.frame.pixels != stored).any(axis=-1)
    assert part(changed[..., None], drawn.box).any()
    assert changed.sum() == part(changed[..., None], drawn.box).sum()


@pytest.mark.parametrize(
    ("placement", "down", "across"),
    [
        (Placement.TOP_LEFT, 0, 0),
        (Placement.TOP_RIGHT, 0, 1),
        (Placement.BOTTOM_LEFT, 1, 0),
        (Placement.BOTTOM_RIGHT, 1, 1),
        (Placement.CENTRE, 0.5, 0.5),
        (Placement.BOTTOM_BAR, 1, 0.5),
    ],
)
def test_placements(placement: Placement, down: float, across: float) -> None:
    box = draw(Frame(ground("white", 400, 600)), Label("AI", placement=placement)).box
    margin = 0 if placement is Placement.BOTTOM_BAR else 10
    wanted = margin + down * (400 - box.height - 2 * margin), margin + across * (600 - box.width - 2 * margin)
    assert (box.top, box.left) == tuple(map(round, wanted))
    assert (box.width == 600) is (placement is Placement.BOTTOM_BAR)


def test_long_texts_break_into_lines_between_words_and_ideographs() -> None:
    one = draw(Frame(ground("grey", 300, 900)), Label("Made with AI by Somebody"))
    two = draw(Frame(ground("grey", 900, 300)), Label("Made with AI by Somebody", height_fraction=0.06))
    assert two.box.height > 1.6 * one.box.height
    assert two.box.width <= 300
    narrow = draw(Frame(ground("grey", 300, 60)), Label("人工智能生成合成"))
    assert narrow.box.width <= 60


def test_a_label_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidInput) as caught:
        draw(Frame(ground("grey", 15, 200)), Label("AI"))
    assert (caught.value.limit[:26], caught.value.found) == ("a picture of 21×17 pixels,", "200×15")


@pytest.mark.parametrize("text", ["AI", "AI-generated"])
def test_the_least_sizes_in_the_documents_are_the_real_ones(text: str) -> None:
    box = draw(Frame(ground("grey", 40, 180)), Label(text)).box
    assert f'"{text}" needs {box.width} × {box.height}' in " ".join(MARKS.read_text().split())


def test_transparent_pictures_are_opaque_under_the_label_and_nowhere_else() -> None:
    alpha = np.tile(np.linspace(0, 200, 300).astype(np.uint8), (200, 1))
    drawn = draw(Frame(ground("grey", 200, 300), alpha), Label("AI"))
    assert drawn.frame.alpha is not None
    inside = np.zeros((200, 300), bool)
    inside[drawn.box.top :, :][: drawn.box.height, drawn.box.left : drawn.box.left + drawn.box.width] = True
    assert (drawn.frame.alpha[inside] == 255).all()
    assert np.array_equal(drawn.frame.alpha[~inside], alpha[~inside])


def test_the_plate_stands_out_from_what_it_covers() -> None:
    dark, bright = (
        part(d.frame.pixels, d.box).mean()
        for d in (draw(Frame(ground(g, 200, 300)), Label("AI")) for g in ("black", "white"))
    )
    assert dark > 150
    assert bright < 110


def test_the_same_again() -> None:
    frame = Frame(photo("jaguars.jpg", 300, 400))
    label = Label("AI-generated", Mark.AI)
    assert np.array_equal(draw(frame, label).frame.pixels, draw(frame, label).frame.pixels)


@pytest.mark.parametrize("quality", [30, 75])
def test_recompression_leaves_it_readable(quality: int) -> None:
    drawn = draw(Frame(photo("dogs.jpg", 400, 600)), Label("AI-generated"))
    buffer = io.BytesIO()
    Image.fromarray(drawn.frame.pixels).save(buffer, "JPEG", quality=quality)
    clean, lossy = (part(each, drawn.box)[..., 0] for each in (drawn.frame.pixels, np.asarray(Image.open(buffer))))
    plate, ink = (
        lossy[clean == level] for level in (np.bincount(clean.ravel()).argmax(), 255 - 5 if clean.mean() < 128 else 16)
    )
    worst = min(wcag(a, b) for a in np.percentile(plate, (5, 95)) for b in np.percentile(ink, (5, 95)))
    assert worst >= 4.5


@pytest.mark.parametrize("height", [9, 10, 33, 120])
def test_the_signs_letters_are_as_high_as_asked(height: int) -> None:
    drawn = sign.ai(height)
    _, _, found, _ = cv2.connectedComponentsWithStats((drawn >= 128).astype(np.uint8))
    ring, *letters = sorted(found[1:].tolist(), key=lambda each: -each[cv2.CC_STAT_WIDTH])
    assert [letter[cv2.CC_STAT_HEIGHT] for letter in letters] == [height, height]
    assert ring[cv2.CC_STAT_HEIGHT] == drawn.shape[0] == drawn.shape[1] <= 2.2 * height + 1

"""What pictures are recognised by: golden codes, what they survive, and what they do not take for the same."""

from __future__ import annotations

from itertools import combinations

import iscc_lib
import numpy as np
import pytest

from core.media import Frame, Pixels
from detectors import iscc
from detectors.fingerprints import NEAR, Fingerprint, fingerprint, pixels_digest, ways
from detectors.sketch import AGREES, BYTES, likeness, sketch
from tests.detectors.making import photograph
from training.evaluation.attacks import ATTACKS

NAMES = ("colosseum", "crab", "crocodile", "dandelion", "dogs", "fig", "jaguars", "mountains", "stream")


def small(name: str) -> Pixels:
    return np.ascontiguousarray(photograph(name)[::2, ::2])


def attacked(name: str, attack: str) -> Pixels:
    return ATTACKS[attack](small(name), np.random.default_rng(7))


def distance(first: Fingerprint | None, second: Fingerprint | None) -> int:
    assert first is not None
    assert second is not None
    return min((first.pdq ^ second.pdq).bit_count(), (first.iscc ^ second.iscc).bit_count())


def nearest(pixels: Pixels, name: str) -> int:
    whole = fingerprint(Frame(small(name)))
    return min(distance(each, whole) for each in ways(Frame(pixels)))


def test_the_iscc_of_black_is_the_standard_s() -> None:
    # ISO 24138's conformance data: an image code of nothing has no bit set.
    black = Frame(np.zeros((50, 70, 3), np.uint8))
    assert iscc.image_code(black) == 0
    assert iscc.text_of(0) == iscc_lib.gen_image_code_v0(bytes(1024), 256)["iscc"]


def test_a_picture_is_normalised_as_the_standard_asks() -> None:
    plain = small("crab")
    framed = np.pad(plain, ((30, 10), (5, 40), (0, 0)), constant_values=255)
    assert iscc.image_code(Frame(framed)) == iscc.image_code(Frame(plain))
    see_through = np.zeros(framed.shape[:2], np.uint8)
    see_through[30:-10, 5:-40] = 255
    black_behind = np.where(see_through[..., None] > 0, framed, 0).astype(np.uint8)
    assert iscc.image_code(Frame(black_behind, see_through)) == iscc.image_code(Frame(plain))


@pytest.mark.parametrize("name", NAMES[:3])
def test_codes_are_written_and_read_again(name: str) -> None:
    code = iscc.image_code(Frame(small(name)))
    assert iscc.bits_of(iscc.text_of(code)) == code


@pytest.mark.parametrize("text", ["", "ISCC:", "ISCC:EEAQAAAAAAAAAAAA", "ISCC:GADQAAAA", "not base32!"])
def test_other_texts_are_no_image_codes(text: str) -> None:
    with pytest.raises(ValueError, match=r"ISCC|[Nn]on-base32|padding"):
        iscc.bits_of(text)


@pytest.mark.parametrize("attack", ["jpeg_50", "resize_0.5", "two_hops", "mirror", "rotate_2", "rotate_5", "gamma"])
def test_a_picture_is_recognised_after(attack: str) -> None:
    assert [name for name in NAMES[:4] if nearest(attacked(name, attack), name) > NEAR] == []


def test_turned_pictures_are_recognised() -> None:
    for turns in (1, 2, 3):
        assert nearest(np.ascontiguousarray(np.rot90(small("crab"), turns)), "crab") <= NEAR


def test_different_pictures_are_far_apart() -> None:
    codes = {name: ways(Frame(small(name))) for name in NAMES}
    pairs = combinations(NAMES, 2)
    assert min(distance(each, codes[other][0]) for one, other in pairs for each in codes[one]) > NEAR


def test_plain_pictures_have_no_codes() -> None:
    plain = Frame(np.full((90, 120, 3), 77, np.uint8))
    assert fingerprint(plain) is None
    assert ways(plain) == ()


def test_the_digest_is_of_pixels_shape_and_alpha() -> None:
    picture = small("crab")
    digests = {
        pixels_digest(frames)
        for frames in (
            [Frame(picture)],
            [Frame(np.ascontiguousarray(picture.transpose(1, 0, 2)))],
            [Frame(picture, np.full(picture.shape[:2], 255, np.uint8))],
            [Frame(picture), Frame(picture)],
        )
    }
    assert len(digests) == 4
    assert pixels_digest([Frame(picture.copy())]) in digests


@pytest.mark.parametrize("attack", ["none", "crop_10", "crop_25_jpeg_50", "crop_to_a_quarter", "rotate_5", "mirror"])
def test_a_sketch_confirms_what_a_code_cannot(attack: str) -> None:
    kept = sketch(small("stream"))
    assert len(kept) == BYTES
    assert likeness(attacked("stream", attack), kept) > AGREES


def test_a_sketch_does_not_confirm_another_picture() -> None:
    kept = sketch(small("stream"))
    assert max(likeness(small(name), kept) for name in NAMES if name != "stream") < 0.8
    assert likeness(np.full((40, 60, 3), 9, np.uint8), kept) < 0.8

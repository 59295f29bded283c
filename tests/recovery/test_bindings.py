"""Bindings as values."""

from __future__ import annotations

import numpy as np

from core.media import Frame
from detectors.iscc import bits_of
from server.recovery.bindings import ISCC, MOST_FRAMES, PDQ, WATERMARK, Bindings
from tests.detectors.making import photograph

CRAB = Frame(photograph("crab"))
FIG = Frame(photograph("fig"))


def test_a_picture_s_bindings_as_a_manifest_and_as_the_log_say_them() -> None:
    bindings = Bindings.of([CRAB], watermark="00112233aabb")
    said = {each.algorithm: each.value for each in bindings.soft_bindings}
    kept = dict(bindings.values)
    assert list(said) == [WATERMARK, PDQ, ISCC]
    assert said[WATERMARK] == kept["watermark"].hex() == "00112233aabb"
    assert said[PDQ] == kept["pdq"].hex()
    assert bits_of(said[ISCC]) == int.from_bytes(kept["iscc"], "big")
    assert len(bindings.sketches) == 1


def test_the_pixels_are_the_log_s_alone() -> None:
    bindings = Bindings.of([CRAB])
    assert {each.algorithm for each in bindings.soft_bindings} == {PDQ, ISCC}
    assert [kind for kind, _ in bindings.values] == ["pixels", "pdq", "iscc"]


def test_pixels_that_an_uploader_chose_are_ours_only_with_a_watermark() -> None:
    assert Bindings.of([CRAB], uploaded=True).pixels is None
    assert [kind for kind, _ in Bindings.of([CRAB], uploaded=True).values] == ["pdq", "iscc"]
    assert Bindings.of([CRAB], "00000000002a", uploaded=True).pixels == Bindings.of([CRAB]).pixels is not None


def test_of_a_film_some_frames_are_remembered_each_once() -> None:
    film = [CRAB, FIG] * 10
    bindings = Bindings.of(film)
    assert len(bindings.fingerprints) == MOST_FRAMES
    assert len(bindings.values) <= 1 + 2 * 2


def test_a_plain_picture_has_its_pixels_only() -> None:
    bindings = Bindings.of([Frame(np.full((40, 40, 3), 8, np.uint8))])
    assert [kind for kind, _ in bindings.values] == ["pixels"]
    assert bindings.soft_bindings == ()
    assert Bindings.of([]).values[0][0] == "pixels"

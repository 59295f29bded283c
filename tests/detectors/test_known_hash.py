"""Known media found exactly, re-encoded, scaled and in films; abstention where nothing can be said."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from detectors.base import Finding, Verdict
from detectors.hash_list import Entry, HashKind, HashList
from detectors.known_hash import KnownHashDetector
from detectors.pdq import pdq
from tests.core.files import film
from tests.detectors.making import coded, film_of, halved, media, photograph


def known(name: str) -> HashList:
    return HashList([Entry(HashKind.PDQ, pdq(photograph(name)).hex, "blocked", "a reason", "a source")])


def examine(hashes: HashList, data: bytes) -> Finding:
    return KnownHashDetector(hashes).detect([media(data)])[0]


@pytest.mark.parametrize("name", ["crab", "dogs", "fig"])
@pytest.mark.parametrize("quality", [95, 70, 40])
def test_a_listed_picture_is_found_after_re_encoding(name: str, quality: int) -> None:
    finding = examine(known(name), coded(photograph(name), "JPEG", quality=quality))
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == (f"entry.{next(iter(known(name))).id}", "list.blocked", "match.pdq")
    (evidence,) = finding.evidence
    assert known(name).digest in evidence.data.decode()
    assert "reason: a reason; source: a source" in evidence.data.decode()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_a_listed_picture_is_found_smaller_and_in_another_format(kind: str) -> None:
    assert examine(known("crab"), coded(halved("crab"), kind)).verdict is Verdict.DETECTED


def test_other_photographs_are_not_found() -> None:
    for name in ("crab", "dogs", "colosseum", "jaguars"):
        assert examine(known("mountains"), coded(photograph(name), "JPEG")).verdict is Verdict.NOT_DETECTED


def test_the_very_same_bytes_are_found_even_where_no_hash_is_of_use() -> None:
    data = coded(np.full((64, 64, 3), 200, np.uint8))
    listed = Entry(HashKind.SHA256, media(data).digest.removeprefix("sha256:"), "exact-list")
    finding = examine(HashList([listed]), data)
    assert finding.codes == (f"entry.{listed.id}", "list.exact-list", "match.sha256")


def test_a_plain_picture_is_an_abstention() -> None:
    finding = examine(known("crab"), coded(np.full((200, 200, 3), 128, np.uint8)))
    assert finding.verdict is Verdict.ABSTAINED
    assert finding.codes == ("pdq.low_quality",)


def test_without_a_list_nothing_is_clean() -> None:
    finding = examine(HashList(), coded(photograph("crab"), "JPEG"))
    assert finding.verdict is Verdict.ABSTAINED
    assert "No list" in finding.explanation


def test_a_frame_of_a_film_is_enough() -> None:
    other = photograph("jaguars")[:576, :1024]
    data = film_of(other, photograph("crab"), other)
    assert examine(known("crab"), data).codes[1:] == ("list.blocked", "match.pdq")
    assert examine(known("dogs"), data).verdict is Verdict.NOT_DETECTED


def test_a_film_of_plain_frames_is_an_abstention() -> None:
    assert examine(known("crab"), film("video/mp4", frames=3)).verdict is Verdict.ABSTAINED


def test_an_animation_is_found_by_its_picture() -> None:
    frames = [Image.fromarray(halved("crab"))] * 2
    data = coded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert examine(known("crab"), data).verdict is Verdict.DETECTED


def test_a_later_frame_of_an_animation_is_enough() -> None:
    frames = [Image.fromarray(halved("dogs")).resize((512, 288)), Image.fromarray(halved("crab")).resize((512, 288))]
    data = coded(frames[0], "WEBP", save_all=True, append_images=frames[1:])
    assert examine(known("crab"), data).verdict is Verdict.DETECTED


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_or_mirrored_picture_is_found_and_said_to_be(turns: int, mirrored: bool) -> None:
    picture = np.rot90(photograph("crab"), turns)
    finding = examine(known("crab"), coded(np.ascontiguousarray(picture[:, ::-1] if mirrored else picture), "JPEG"))
    assert finding.verdict is Verdict.DETECTED
    assert "pdq.turned" in finding.codes
    assert examine(known("dogs"), coded(np.ascontiguousarray(picture), "JPEG")).verdict is Verdict.NOT_DETECTED

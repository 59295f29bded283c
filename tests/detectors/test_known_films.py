"""Films compared as films: real files, hashed by the parser in the sandbox, listed and found again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cache

import numpy as np
import pytest
import pytest_asyncio

from core.errors import CorruptMedia
from core.limits import Limits
from core.media import Media, Pixels, View
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from core.sandbox.contract import Request
from detectors import film_hashes
from detectors.base import Finding, Verdict
from detectors.films import hashing
from detectors.hash_list import Entry, HashList
from detectors.hashes.entry import FrameHash, Said
from detectors.known_hash import KnownHashDetector
from detectors.pdq import pdq
from tests.core.files import film
from tests.detectors.making import film_of, media, photograph

NAMES = ("crab", "dogs", "fig", "jaguars", "stream")
SIZE = (360, 480)


@cache
def scene(name: str) -> Pixels:
    return np.ascontiguousarray(photograph(name)[: SIZE[0], : SIZE[1]])


@cache
def reel(*names: str) -> bytes:
    """A film that shows each of these for a second."""
    return film_of(*map(scene, names))


def listed(data: bytes) -> Entry:
    view = film_hashes.parse(Request((data,), "video/mp4", Limits()))
    return Entry.film(frames_of(view), Said("films", "a reason", tags=("tag",)))


def frames_of(view: View) -> list[FrameHash]:
    rows = zip(view.arrays["hashes"], view.arrays["qualities"], view.arrays["times"], strict=True)
    return [FrameHash(hashed.tobytes().hex(), int(quality), round(1000 * time)) for hashed, quality, time in rows]


def examine(entry: Entry, item: Media) -> Finding:
    return KnownHashDetector(HashList([entry])).detect([item])[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with await Sandbox.start({**PARSERS, **film_hashes.PARSERS}, workers=1) as running:
        yield running


@pytest.mark.asyncio(loop_scope="module")
async def test_a_film_is_hashed_in_the_sandbox_once_a_second(sandbox: Sandbox) -> None:
    view = (await sandbox.open(reel(*NAMES), ("film_hashes",))).view("film_hashes")
    assert view.error == ""
    assert dict(view.facts) == {"by": "seconds", "spacing": 1}
    assert view.arrays["times"].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    for frame, name in zip(frames_of(view), NAMES, strict=True):
        assert (int(frame.hex, 16) ^ pdq(scene(name)).value).bit_count() <= 10, name


@pytest.mark.asyncio(loop_scope="module")
async def test_a_still_picture_has_no_film(sandbox: Sandbox) -> None:
    view = await sandbox.call("film_hashes", [b"\x89PNG\r\n\x1a\n" + bytes(50)])
    assert (view.error, dict(view.arrays)) == ("", {})


@pytest.mark.parametrize("names", [NAMES, NAMES[1:3], ("mountains", "colosseum", "dandelion", *NAMES)])
def test_a_listed_film_is_found_whole_in_part_and_inside_another(names: tuple[str, ...]) -> None:
    entry = listed(reel(*NAMES))
    finding = examine(entry, media(reel(*names)))
    assert finding.verdict is Verdict.DETECTED
    assert finding.codes == (f"entry.{entry.id}", "list.films", "match.vpdq")
    shares = finding.evidence[0].data.decode()
    assert f"{len({*names} & {*NAMES}) / len(names):.2f} of the film" in shares
    assert "tags: tag" in shares


def test_one_picture_in_common_is_not_enough() -> None:
    other = media(reel("mountains", "colosseum", "dandelion", "crab"))
    assert examine(listed(reel(*NAMES)), other).verdict is Verdict.NOT_DETECTED


def test_a_film_of_one_frame_is_compared_like_any() -> None:
    assert examine(listed(reel("crab")), media(reel("crab"))).codes[2] == "match.vpdq"
    assert examine(listed(reel("crab")), media(reel("dogs"))).verdict is Verdict.NOT_DETECTED


@pytest.mark.parametrize(
    "view",
    [
        View(error="the parser was ended"),
        View(),
        View({}, {"hashes": np.zeros((2, 32), np.uint8), "qualities": np.zeros(3, np.uint8), "times": np.zeros(2)}),
        View({}, {"hashes": np.zeros((2, 9), np.uint8), "qualities": np.zeros(2, np.uint8), "times": np.zeros(2)}),
        View({}, {"hashes": np.zeros((2, 32)), "qualities": np.zeros(2, np.uint8), "times": np.zeros(2)}),
    ],
)
def test_what_was_not_compared_is_not_clean(view: View) -> None:
    good = media(reel("crab"))
    item = Media(good.data, good.kind, good.mime, good.digest, 480, 360, 1.0, good.pictures, {"film_hashes": view})
    finding = examine(listed(reel("dogs")), item)
    assert (finding.verdict, finding.codes) == (Verdict.ABSTAINED, ("films.unread",))
    only_pictures = KnownHashDetector(HashList([Entry.film(listed(reel("dogs")).frames, Said("x"))]).remove())
    assert only_pictures.detect([item])[0].verdict is Verdict.ABSTAINED


def test_long_films_are_hashed_by_keyframes(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = film_hashes.parse(Request((reel(*NAMES),), "video/mp4", Limits()))
    monkeypatch.setattr(hashing, "BUDGET", 1)
    coarse = film_hashes.parse(Request((reel(*NAMES),), "video/mp4", Limits()))
    assert coarse.facts["by"] == "keyframes"
    assert coarse.arrays["times"].tolist() == [0.0]  # x264 put one keyframe into five pictures
    assert {frame.hex for frame in frames_of(coarse)} <= {frame.hex for frame in frames_of(exact)}


def test_longer_films_are_hashed_further_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "MOST", 3)
    view = film_hashes.parse(Request((reel(*NAMES),), "video/mp4", Limits()))
    assert (view.facts["spacing"], view.arrays["times"].tolist()) == (2, [0.0, 2.0, 4.0])


def test_a_damaged_film_is_an_error_of_its_own() -> None:
    data = film("video/mp4", frames=3)
    with pytest.raises(CorruptMedia):
        film_hashes.parse(Request((data[: len(data) // 2],), "video/mp4", Limits()))

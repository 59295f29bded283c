"""What every detector of the catalog promises, on ordinary and odd media."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from PIL import Image

from core.media import Media, View
from detectors.base import Detector, Finding, Verdict
from detectors.catalog import build
from detectors.hash_list import Entry, HashKind, HashList
from detectors.near.detector import NearDetector, NearSource
from detectors.nsfw.detector import NsfwDetector, NsfwSource
from detectors.pdq import pdq
from tests.core.files import film
from tests.detectors.making import A1111, PROMPT, coded, drawn, halved, media, photograph, with_chunks
from tests.detectors.near.making import describer, listed

QUOTED = "zanzibar-quokka"
NAMES = (
    *("metadata", "known_hash", "copy_move", "jpeg_history", "manipulation", "resampling", "thumbnail", "watermark"),
    *("video_edits", "generated_image", "generated_video", "near_duplicate", "nsfw"),
)


@cache
def detector(name: str) -> Detector:
    known = Entry(HashKind.PDQ, pdq(halved("crab")).hex, "test", "it is known", "this test")
    return build(HashList([known]), (NearDetector(describer(), listed()), NsfwDetector.load())).get(name)


def _noise(*shape: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)


def _sixteen_bit() -> bytes:
    return coded(Image.fromarray(_noise(40, 50).astype(np.uint16) * 257))


def _animation() -> bytes:
    frames = [Image.fromarray(_noise(40, 60, 3)) for _ in range(3)]
    return coded(frames[0], "GIF", save_all=True, append_images=frames[1:])


def _palette() -> bytes:
    return coded(Image.fromarray(_noise(50, 70, 3)).quantize(16))


def _corrupt_tags() -> bytes:
    exif = b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\xff\xff" + QUOTED.encode() * 4
    return coded(halved("fig"), "JPEG", exif=exif, comment=QUOTED.encode(), xmp=b"<x:xmpmeta " + QUOTED.encode())


ODD: dict[str, Callable[[], bytes]] = {
    "one pixel": lambda: coded(_noise(1, 1, 3)),
    "a row": lambda: coded(_noise(1, 300, 3)),
    "a column": lambda: coded(_noise(300, 1, 3)),
    "grey": lambda: coded(photograph("stream")[..., 0]),
    "grey JPEG": lambda: coded(photograph("stream")[..., 0], "JPEG"),
    "tiny JPEG": lambda: coded(_noise(3, 5, 3), "JPEG"),
    "flat": lambda: coded(np.full((200, 200, 3), 128, np.uint8), "JPEG"),
    "black": lambda: coded(np.zeros((300, 300, 3), np.uint8), "JPEG"),
    "noise": lambda: coded(_noise(256, 256, 3), "JPEG", quality=100),
    "chessboard": lambda: coded(np.kron(np.indices((40, 40)).sum(0) % 2 * 255, np.ones((8, 8))).astype(np.uint8)),
    "alpha": lambda: coded(_noise(64, 64, 4)),
    "alpha of a column": lambda: coded(_noise(300, 1, 4)),
    "16 bit": _sixteen_bit,
    "palette": _palette,
    "animation": _animation,
    "one-frame film": lambda: film("video/mp4", frames=1),
    "corrupt tags": _corrupt_tags,
    "CMYK": lambda: coded(Image.fromarray(_noise(64, 64, 3)).convert("CMYK"), "JPEG"),
    "record": lambda: with_chunks(halved("fig"), parameters=f"{QUOTED} {A1111}", Comment=QUOTED),
}


@cache
def odd(name: str) -> Media:
    return media(ODD[name]())


def examine(name: str, *batch: Media) -> list[Finding]:
    """As the engine does: only kinds that the detector accepts."""
    chosen = detector(name)
    return chosen.detect([item for item in batch if item.kind in chosen.kinds])


def check(finding: Finding, chosen: Detector) -> None:
    """What holds for any finding."""
    assert (finding.detector, finding.version, finding.label) == (chosen.name, chosen.version, chosen.label)
    assert finding.limits == chosen.limits
    assert finding.explanation
    assert list(finding.codes) == sorted(set(finding.codes))
    assert finding.probability is None or 0 <= finding.probability <= 1
    assert finding.log10_lr is None or abs(finding.log10_lr) <= 6
    assert finding.fpr_at_threshold is None or 0 <= finding.fpr_at_threshold < 1
    names = [name for name, _ in finding.measurements]
    assert names == sorted(set(names))
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*", name) for name in names)
    assert all(math.isfinite(value) for _, value in finding.measurements)
    if finding.verdict is Verdict.DETECTED and finding.probability is not None:
        assert finding.probability >= 0.5
    if finding.verdict is Verdict.NOT_DETECTED and finding.probability is not None:
        assert finding.probability <= 0.5
    if finding.verdict is Verdict.ABSTAINED:
        assert (finding.probability, finding.score, finding.log10_lr) == (None, None, None)
    assert QUOTED not in finding.explanation
    assert PROMPT not in finding.explanation


@pytest.mark.parametrize("name", NAMES)
def test_says_who_it_is(name: str) -> None:
    chosen = detector(name)
    assert chosen.name == name
    assert re.fullmatch(r"[a-z][a-z0-9_]*", chosen.label)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", chosen.version)
    assert chosen.kinds
    assert chosen.views <= {"tags", "jpeg", "film_hashes", "film_timeline", "thumbnail"}
    assert chosen.summary.endswith(".")
    assert chosen.limits.endswith(".")


def test_the_catalog_lists_these() -> None:
    assert (*build(HashList()).names(), NearSource.name, NsfwSource.name) == NAMES


def test_the_version_is_reproducible_and_follows_the_list() -> None:
    first, again = build(HashList()), build(HashList())
    assert [item.version for item in first] == [item.version for item in again]
    listed = build(HashList([Entry(HashKind.SHA256, "0" * 64, "test")]))
    assert listed.get("known_hash").version != first.get("known_hash").version


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("name", NAMES)
def test_odd_media_never_raise(name: str, what: str) -> None:
    for finding in examine(name, odd(what)):
        check(finding, detector(name))


@pytest.mark.parametrize("name", NAMES)
def test_batching_changes_nothing_and_keeps_order(name: str) -> None:
    batch = [media(coded(halved("stream"), "JPEG", quality=90)), odd("one pixel"), odd("record"), odd("flat")]
    alone = [finding for item in batch for finding in examine(name, item)]
    assert examine(name, *batch) == alone
    assert examine(name, *reversed(batch)) == alone[::-1]
    assert examine(name) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_media_is_left_as_it_was(name: str) -> None:
    item = media(coded(halved("dogs"), "JPEG", quality=80))
    arrays = [item.pictures[0].pixels, *(a for view in item.views.values() for a in view.arrays.values())]
    before = [array.tobytes() for array in arrays]
    examine(name, item)
    assert [array.tobytes() for array in arrays] == before


@pytest.mark.parametrize("name", ["metadata", "jpeg_history", "thumbnail"])
def test_a_parser_that_failed_is_an_abstention(name: str) -> None:
    good = odd("grey JPEG")
    failed = {view: View(error="the parser was ended") for view in good.views}
    item = Media(good.data, good.kind, good.mime, good.digest, good.width, good.height, 0.0, good.pictures, failed)
    assert [finding.verdict for finding in examine(name, item)] == [Verdict.ABSTAINED]


@pytest.mark.parametrize("name", NAMES)
def test_pictures_among_the_evidence_are_pictures(name: str) -> None:
    item = media(coded(halved("crab"), "JPEG", quality=85))
    for finding in examine(name, item, odd("record")):
        for evidence in finding.evidence:
            if evidence.kind == "text":
                assert evidence.data.decode()
                continue
            assert evidence.mime == "image/png"
            assert evidence.kind == "picture" or drawn(evidence).shape == (item.height, item.width)

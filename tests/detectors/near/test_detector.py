"""`near_duplicate` on real photographs: what PDQ does not survive is found, and another photograph is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from core.errors import ConfigurationError
from core.media import Pixels
from detectors.base import Measuring, Verdict
from detectors.hash_list import Entry, HashKind, HashList
from detectors.known_hash import KnownHashDetector
from detectors.near import geometry, keypoints
from detectors.near.description import Describer
from detectors.near.detector import AGREEING, MEASURED_FPR, NAMED, POINTS, NearDetector, named_of, shipped, version_with
from detectors.near.files import load, save
from detectors.near.geometry import Agreement
from detectors.near.listing import described
from detectors.near.near_list import NearList, NearMatch, id_of
from detectors.pdq import pdq
from tests.detectors.making import coded, film_of, halved, media, photograph
from tests.detectors.near.making import BEACH, describer, file_of, listed
from training.near.copies import captioned


def detector() -> NearDetector:
    return NearDetector(describer(), listed())


def beside(pixels: Pixels) -> Pixels:
    other = photograph("fig")[: pixels.shape[0]]
    return np.concatenate([pixels[: other.shape[0]], other], axis=1)


def framed(pixels: Pixels) -> Pixels:
    return np.pad(pixels, ((90, 90), (140, 140), (0, 0)), constant_values=200)


COPIES: dict[str, Callable[[Pixels], Pixels]] = {
    "cropped": lambda pixels: pixels[pixels.shape[0] // 4 :, : 3 * pixels.shape[1] // 4],
    "framed": framed,
    "captioned": lambda pixels: captioned(pixels, "WHEN YOU SEE IT"),
    "beside another": beside,
    "mirrored and cropped": lambda pixels: pixels[:, ::-1][:, pixels.shape[1] // 4 :],
}


@pytest.mark.parametrize("name", COPIES)
def test_copies_that_pdq_does_not_find(name: str) -> None:
    copy = media(coded(np.ascontiguousarray(COPIES[name](photograph("crab"))), "JPEG", quality=70))
    finding = detector().examine(copy)
    assert finding.verdict is Verdict.DETECTED
    assert {"list.beach", "match.near", f"entry.{id_of(file_of('crab').media, 'beach')}"} <= set(finding.codes)
    assert ("near.mirrored" in finding.codes) == ("mirrored" in name)
    assert AGREEING <= dict(finding.measurements)[POINTS] == finding.score
    (evidence,) = finding.evidence
    assert b"reason: it is known; source: this test; tags: sea" in evidence.data
    assert b"it is known" not in finding.explanation.encode()
    known = KnownHashDetector(HashList([Entry(HashKind.PDQ, pdq(photograph("crab")).hex, "beach")]))
    assert known.examine(copy).verdict is Verdict.NOT_DETECTED


def test_another_photograph_is_not_detected_and_still_measured() -> None:
    finding = detector().examine(media(coded(halved("fig"), "JPEG")))
    assert finding.verdict is Verdict.NOT_DETECTED
    assert finding.codes == ()
    assert dict(finding.measurements)[POINTS] < AGREEING
    assert finding.probability is not None
    assert finding.probability < 0.5


def test_the_same_words_on_another_photograph_are_a_limit_that_is_told() -> None:
    meme, other = (captioned(photograph(name)[:360, :480], "WHEN YOU SEE IT AGAIN") for name in ("crab", "dogs"))
    file = described(media(coded(meme)), BEACH, describer(), "meme")
    known = NearDetector(describer(), NearList.empty(describer()).add(file))
    assert known.examine(media(coded(other, "JPEG"))).verdict is Verdict.DETECTED
    assert "the same words" in known.limits


def test_a_frame_of_a_film_is_found() -> None:
    film = film_of(photograph("fig")[:360, :480], photograph("dogs")[:360, :480])
    finding = detector().examine(media(film))
    assert finding.verdict is Verdict.DETECTED
    assert "list.pets" in finding.codes


def test_it_abstains_without_a_list_and_on_plain_pictures() -> None:
    nothing = NearDetector(describer(), NearList.empty(describer()))
    picture = media(coded(halved("crab")))
    assert (nothing.examine(picture).verdict, nothing.examine(picture).codes) == (
        Verdict.ABSTAINED,
        ("near_list.empty",),
    )
    plain = detector().examine(media(coded(np.full((200, 200, 3), 90, np.uint8))))
    assert (plain.verdict, plain.codes) == (Verdict.ABSTAINED, ("picture.too_plain",))


def test_the_version_follows_the_list() -> None:
    shorter = NearDetector(describer(), listed().without([file_of("crab").key]))
    assert shorter.version != detector().version == detector().version
    assert isinstance(shorter, Measuring)


def test_weights_that_do_not_fit_together_are_refused() -> None:
    good = describer()
    parts = {name: getattr(good, name) for name in ("mean", "basis", "words", "centre", "flips")}
    with pytest.raises(ConfigurationError, match="do not fit together"):
        Describer(**(parts | {"words": good.words[:, 1:]}), bits=good.bits, version=good.version)
    with pytest.raises(ConfigurationError, match="give 8192 bits, not 9000"):
        Describer(**parts, bits=9000, version=good.version)


def match(name: str, points: int) -> NearMatch:
    return NearMatch(name, BEACH, Agreement(points, 3), 0.5, mirrored=False)


def test_an_entry_that_matched_twice_is_named_by_its_best_match() -> None:
    best, again = match("first", 90), match("first", 13)
    others = [match(f"{number}", 80 - number) for number in range(NAMED)]
    assert named_of([best, *others, again]) == [best, *others[: NAMED - 1]]


def test_a_rate_counted_on_single_pictures_is_not_told_of_films() -> None:
    """The most points of many pictures pass the limit more often than those of one."""
    film = detector().examine(media(film_of(photograph("fig")[:360, :480], photograph("dogs")[:360, :480])))
    still = detector().examine(media(coded(photograph("dogs"), "JPEG")))
    assert (film.verdict, still.verdict) == (Verdict.DETECTED, Verdict.DETECTED)
    assert (film.fpr_at_threshold, still.fpr_at_threshold) == (None, MEASURED_FPR)


@pytest.mark.parametrize("points", range(AGREEING + 1))
def test_a_probability_does_not_contradict_its_verdict(monkeypatch: pytest.MonkeyPatch, points: int) -> None:
    found = (match("one", points),) if points else ()
    monkeypatch.setattr(NearList, "matches", lambda *_: found)
    finding = detector().examine(media(coded(halved("crab"))))
    if finding.verdict is Verdict.ABSTAINED:
        assert points in range(7, AGREEING)
        assert (finding.codes, finding.probability) == (("between",), None)
        assert dict(finding.measurements)[POINTS] == points
    else:
        assert finding.probability is not None
        assert (finding.verdict is Verdict.DETECTED) == (finding.probability > 0.5) == (points >= AGREEING)


GEOMETRY = ("_ALIKE", "_NEAR", "_ROUNDS", "_SURE", "_SIZE", "_TURN", "_LEAST")
KEYPOINTS = ("LONGEST", "_GRID", "_LAYERS", "_CONTRAST")


@pytest.mark.parametrize(
    ("module", "name"), [*((geometry, name) for name in GEOMETRY), *((keypoints, name) for name in KEYPOINTS)]
)
def test_what_decides_a_match_is_part_of_the_version(
    monkeypatch: pytest.MonkeyPatch, module: ModuleType, name: str
) -> None:
    before = version_with("a list")
    monkeypatch.setattr(module, name, getattr(module, name) + 1)
    assert version_with("a list") != before


@pytest.mark.parametrize("name", KEYPOINTS)
def test_a_list_names_the_points_that_its_pictures_were_described_by(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "near.safetensors"
    save(listed(), path)
    monkeypatch.setattr(keypoints, name, getattr(keypoints, name) + 1)
    with pytest.raises(ConfigurationError, match=r"near.safetensors: .* list its files anew"):
        load(path, shipped())

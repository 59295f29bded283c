"""Films by the pictures that they share: both ways, with times, and none by plain pictures."""

from __future__ import annotations

import pytest

from core.errors import ConfigurationError
from detectors.hash_list import Entry, HashKind, HashList
from detectors.hashes.entry import MAX_FRAMES, FrameHash
from detectors.hashes.films import SHARE
from tests.detectors.hashes.making import SAID, film, listed, random_hashes, shown

VALUES = random_hashes(7, 60)
LISTED, OTHERS = VALUES[:20], VALUES[20:]
FLIPPED = [value ^ (2**31 - 1) for value in LISTED]  # 31 bits each, as far as a match may be


def test_the_same_film_is_found_with_both_shares() -> None:
    (match,) = HashList([film(LISTED), film(OTHERS)]).films(shown(FLIPPED))
    assert match.entry == film(LISTED)
    assert (match.share, match.listed_share, match.distance, match.time) == (1.0, 1.0, 31, 0.0)


def test_a_bit_further_is_another_film() -> None:
    assert HashList([film(LISTED)]).films(shown([value ^ (2**32 - 1) for value in LISTED])) == ()


def test_a_listed_film_inside_a_long_upload_is_found() -> None:
    (match,) = HashList([film(LISTED)]).films(shown([*OTHERS, *FLIPPED]))
    assert match.listed_share == 1.0
    assert match.share == pytest.approx(20 / 60)
    assert match.time == 40.0


def test_a_piece_of_a_listed_film_is_found() -> None:
    (match,) = HashList([film(LISTED)]).films(shown(LISTED[4:8]))
    assert (match.share, match.listed_share) == (1.0, 0.2)


@pytest.mark.parametrize(("shared", "found"), [(16, 1), (15, 0)])
def test_the_share_decides(shared: int, found: int) -> None:
    upload = shown([*LISTED[:shared], *OTHERS[: 20 - shared]])
    assert len(HashList([film(LISTED)]).films(upload)) == found
    assert (shared / 20 >= SHARE) == bool(found)


def test_the_most_alike_comes_first() -> None:
    matches = HashList([film(LISTED, SAID), film(LISTED[:16] + OTHERS[:4])]).films(shown(LISTED))
    assert [match.share for match in matches] == [1.0, 0.8]


def test_plain_pictures_and_repeated_ones_do_not_count() -> None:
    plain = [FrameHash("0" * 64, 49, at) for at in range(100)]
    entry = Entry.film([*film(LISTED).frames, *film(LISTED).frames, *plain], SAID)
    (match,) = HashList([entry]).films(shown(LISTED))
    assert match.listed_share == 1.0
    assert len(shown(LISTED, quality=49)) == 0


def test_a_film_of_one_picture_can_be_listed_and_found() -> None:
    (match,) = HashList([film(LISTED[:1])]).films(shown(LISTED[:1]))
    assert (match.share, match.listed_share) == (1.0, 1.0)


def test_no_films_find_nothing() -> None:
    assert HashList([listed(LISTED[0])]).films(shown(LISTED)) == ()


def test_films_are_kept_in_order_whatever_order_they_came_in() -> None:
    films = [film(VALUES[at : at + 1 + at % 5]) for at in range(20)]
    one, other = HashList(films), HashList(reversed(films))
    assert one.digest == other.digest
    assert sorted(films, key=lambda entry: entry.hex) == list(one) == list(other)
    assert set(one.remove(*films[3:])) == set(films[:3])


def test_a_frame_is_read_as_it_is_written() -> None:
    frame = FrameHash("ab" * 32, 77, 61_250)
    assert str(frame) == "ab" * 32 + ",77,61.250"
    assert FrameHash.parse(str(frame)) == frame


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("00,50,0", "64 lower-case"),
        ("0" * 64 + ",101,0", "0 to 100, not 101"),
        ("0" * 64 + ",50,-1", "negative"),
        ("0" * 64 + ",50,inf", "negative"),
        ("0" * 64 + ",50", "its hash, quality and seconds"),
    ],
)
def test_other_texts_are_no_frames(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        FrameHash.parse(text)


def test_a_film_that_cannot_be_compared_is_not_listed() -> None:
    frame = FrameHash("0" * 64, 100, 0)
    with pytest.raises(ConfigurationError, match=f"at most {MAX_FRAMES} pictures, not {MAX_FRAMES + 1}"):
        Entry.film([frame] * (MAX_FRAMES + 1), SAID)
    with pytest.raises(ConfigurationError, match="quality of 50 or more"):
        Entry.film([FrameHash("0" * 64, 49, 0)], SAID)
    with pytest.raises(ConfigurationError, match="not that of its frames"):
        Entry(HashKind.VPDQ, "0" * 64, "films", frames=(frame,))
    with pytest.raises(ConfigurationError, match="films have frames"):
        Entry(HashKind.PDQ, "0" * 64, "films", frames=(frame,))

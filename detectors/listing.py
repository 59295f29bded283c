"""What media is listed by: the entries that would find it again. Knows no list."""

from __future__ import annotations

from core.errors import InvalidInput
from core.media import Kind, Media
from detectors.hash_list import Entry, HashKind
from detectors.hashes.entry import MIN_QUALITY, FrameHash, Said
from detectors.known_hash import FILM_HASHES, shown_by
from detectors.pdq import pdq


def entries_of(media: Media, said: Said) -> list[Entry]:
    """The digest of its bytes; and of a video the hashes of its pictures together, otherwise that of each picture.

    media: with the view of `detectors.film_hashes`. Pictures too plain to be told apart are left out; where there are
    no others, only the bytes can be found. Raises InvalidInput for a video whose pictures could not be hashed.
    """
    exact = Entry(HashKind.SHA256, media.digest.removeprefix("sha256:"), said.list, said.reason, said.source, said.tags)
    if media.kind is Kind.VIDEO:
        frames = _frames(media)
        return [exact, Entry.film(frames, said)] if frames else [exact]
    found = {pdq(frame.pixels) for frame in media.frames()}
    usable = sorted({value.hex for value in found if value.quality >= MIN_QUALITY})
    return [exact, *(Entry(HashKind.PDQ, each, said.list, said.reason, said.source, said.tags) for each in usable)]


def _frames(media: Media) -> list[FrameHash]:
    view = media.view(FILM_HASHES)
    film = shown_by(view)
    if film is None:
        raise InvalidInput("the film's pictures could not be hashed", field="media", found=view.error)
    rows = zip(film.hashes, film.qualities, film.times, strict=True)
    return [FrameHash(hashed.tobytes().hex(), int(quality), round(1000 * time)) for hashed, quality, time in rows]

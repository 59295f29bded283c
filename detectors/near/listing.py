"""What media is listed by among near duplicates. Knows no list."""

from __future__ import annotations

from core.errors import InvalidInput
from core.media import Media
from detectors.hashes.entry import Said
from detectors.near.description import LEAST, Describer
from detectors.near.near_list import Described


def described(media: Media, said: Said, describer: Describer, name: str) -> Described:
    """Each of its pictures that is not too plain. name: of the file, for messages.

    Raises InvalidInput where all of them are.
    """
    found = [describer.listed(frame.pixels) for frame in media.frames()]
    pictures = [each for each in found if each is not None]
    if not pictures:
        message = f"{name} is too plain to be found again: fewer than {LEAST} points"
        raise InvalidInput(message, field="media", limit=str(LEAST), found=f"{len(found)} plain pictures")
    return Described(media.digest.removeprefix("sha256:"), said, pictures)

"""What a picture is, by its format, and whether a model may be used on it."""

from __future__ import annotations

from core.dicom.facts import is_dicom
from core.errors import InvalidInput
from core.media import Media
from generators.base import MEDICAL, PHOTO, Card

REASONS = {
    MEDICAL: "what it makes is made to look right, or for eyes alone, and a medical picture's values are measured by",
}


def profile_of(media: Media) -> str:
    """A DICOM file is always medical; a picture is a photograph where nothing says otherwise."""
    return MEDICAL if is_dicom(media) else PHOTO


def refuse_unfit(name: str, card: Card, media: Media) -> None:
    """Raises InvalidInput naming "model" for a picture that the model `name` may not be used on."""
    profile = profile_of(media)
    if profile not in card.profiles:
        raise InvalidInput(
            f"{name} is not for {profile} pictures: {REASONS[profile]}",
            field="model",
            limit=", ".join(sorted(card.profiles)),
            found=profile,
        )

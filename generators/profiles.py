"""What a picture is, by its format, and whether a model may be used on it."""

from __future__ import annotations

from core.dicom.facts import is_dicom
from core.errors import InvalidInput
from core.media import Media
from generators.base import MEDICAL, PHOTO, SATELLITE, Card, Job, Parameter
from generators.scenes.scene import is_scene

_MADE = "what it makes is made to look right or for eyes alone, or was learned from photographs alone"
REASONS = {
    MEDICAL: f"{_MADE}, and a medical picture's values are measured by",
    SATELLITE: f"{_MADE}, and a scene's values are measured by",
}
BY_FORMAT = "auto"
PROFILE = Parameter(
    "profile",
    "string",
    BY_FORMAT,
    "what the picture has to be, or it is refused; auto: whatever its format says",
    choices=(BY_FORMAT, PHOTO, MEDICAL, SATELLITE),
)
"""The format alone decides: whoever measures by a picture says here what it must not be taken for."""


def profile_of(media: Media) -> str:
    """A DICOM file is always medical, a georeferenced TIFF always a scene; else a picture is a photograph."""
    if is_dicom(media):
        return MEDICAL
    return SATELLITE if is_scene(media) else PHOTO


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


def refuse_other(job: Job, media: Media) -> None:
    """Raises InvalidInput naming "parameters.profile" for a picture that is not what the job says it is."""
    asked, found = str(job.parameters.get(PROFILE.name, BY_FORMAT)), profile_of(media)
    if asked in (BY_FORMAT, found):
        return
    missing = "; it has no georeference, so nobody knows where it lies" if asked == SATELLITE else ""
    raise InvalidInput(
        f"the picture is no {asked} picture{missing}",
        field=f"parameters.{PROFILE.name}",
        limit=asked,
        found=f"{found} ({media.mime})",
    )

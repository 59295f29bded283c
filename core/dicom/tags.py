"""The elements that a derived picture has of its own, and those of its source that it cannot keep.

"Not for diagnosis" stands where viewers look: in Series Description (PS3.3 C.7.3.1), which lists of series show, and in
Image Comments (C.7.6.1), which overlays show; and in Derivation Description (C.12.4.1.1), where it belongs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_OID, uuid5

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as Items
from pydicom.valuerep import DSfloat

from core.dicom.facts import Header

WARNING = "NOT FOR DIAGNOSIS"
MAKER = "Countersign"
_SECONDARY = ("DERIVED", "SECONDARY")
_SPACINGS = ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing")
_LONG_STRING, _SHORT_TEXT, _LONG_TEXT = 64, 1024, 10_240
"""Characters that the value representations LO, ST and LT hold (PS3.5, 6.2)."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a picture was derived. words: for people, plain ASCII. model, version: who did it, the digest as sha256:….

    job: digest of all that shaped it, so that the same job gives the same identifiers, and slices of one series that
    are worked on alike come out as one series. scale: how many times larger along each side.
    """

    words: str
    model: str
    version: str
    job: str
    scale: int = 1


def own_elements(header: Header, derivation: Derivation) -> Dataset:
    """What is new in a derived picture, but for size and values."""
    made = Dataset()
    made.ImageType = [*_SECONDARY, *header.image_type[2:]]
    made.SOPClassUID = header.sop_class
    made.SOPInstanceUID = identifier("instance", header.sop_instance, derivation.job)
    made.SeriesInstanceUID = identifier("series", header.series, derivation.job)
    made.SeriesNumber = None  # type 2: nobody here knows which numbers the study has
    made.SeriesDescription = f"{WARNING} {header.description}".strip()[:_LONG_STRING]
    made.ImageComments = f"{WARNING}: {derivation.words}. {header.comments}".strip()[:_LONG_TEXT]
    made.DerivationDescription = f"{derivation.words}. {WARNING}."[:_SHORT_TEXT]
    made.SourceImageSequence = Items([source_item(header, kept=derivation.scale == 1)])
    if header.lossy:
        made.LossyImageCompression = "01"  # once lossy, for ever (PS3.3 C.7.6.1.1.5)
    if derivation.scale > 1:
        for keyword, numbers in enlarged(header.geometry, derivation.scale).items():
            setattr(made, keyword, [DSfloat(number, auto_format=True) for number in numbers])
    return made


def identifier(kind: str, source: str, job: str) -> str:
    """A UID that a UUID makes (PS3.5 B.2), the same for the same source and job."""
    return f"2.25.{uuid5(NAMESPACE_OID, f'{MAKER} {kind} {source} {job}').int}"


def source_item(header: Header, *, kept: bool) -> Dataset:
    """What it was derived from (PS3.3 C.12.4). kept: each pixel is where it was."""
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = header.sop_class, header.sop_instance
    item.SpatialLocationsPreserved = "YES" if kept else "NO"
    item.PurposeOfReferenceCodeSequence = _code("121322", "Source image for image processing operation")
    return item


def equipment_item(derivation: Derivation) -> Dataset:
    """Who derived it (PS3.3 C.12.1.1.5). The version is the digest of model and settings of this build."""
    item = Dataset()
    item.PurposeOfReferenceCodeSequence = _code("109102", "Processing Equipment")
    item.Manufacturer = MAKER
    item.ManufacturerModelName = derivation.model
    item.SoftwareVersions = derivation.version.removeprefix("sha256:")[:_LONG_STRING]
    item.ContributionDescription = f"{derivation.words}. {WARNING}."[:_SHORT_TEXT]
    return item


def enlarged(geometry: Mapping[str, Sequence[float]], scale: int) -> dict[str, tuple[float, ...]]:
    """The geometry of a picture with `scale` pixels in the place of one: spacings shrink, and the middle of the first
    pixel moves towards its corner (PS3.3 C.7.6.2.1.1).
    """
    made = {name: tuple(value / scale for value in geometry[name]) for name in _SPACINGS if name in geometry}
    position, orientation = geometry.get("ImagePositionPatient", ()), geometry.get("ImageOrientationPatient", ())
    spacing = geometry.get("PixelSpacing", ())
    if (len(position), len(orientation), len(spacing)) == (3, 6, 2):
        moved = (1.0 / scale - 1.0) / 2.0  # pixels of the source
        along_rows, along_columns = orientation[:3], orientation[3:]
        made["ImagePositionPatient"] = tuple(
            origin + moved * (spacing[1] * right + spacing[0] * down)
            for origin, right, down in zip(position, along_rows, along_columns, strict=True)
        )
    return made


def _code(value: str, meaning: str) -> Items:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return Items([item])

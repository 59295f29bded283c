"""DICOM files in the sandbox: what is read of them, what is refused, and what is never told."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pydicom
import pytest
from pydicom.pixels.processing import apply_windowing

from core.dicom.facts import MIME, dicom_of
from core.errors import CorruptMedia, InvalidInput, LimitExceeded, UnsupportedMedia
from core.limits import Limits
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from core.sniff import sniff
from tests import dicoms
from tests.core.files import sample

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAME_PICTURE = (
    *("MR_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm"),
    *("MR_small_jp2klossless.dcm", "MR_small_jpeg_ls_lossless.dcm", "MR_small_padded.dcm"),
)
"""One picture in every lossless coding that is read."""
SHIPPED = sorted(path.name for path in dicoms.FOLDER.glob("*.dcm"))


@pytest.mark.parametrize("name", SAME_PICTURE)
async def test_stored_values_are_what_was_stored(sandbox: Sandbox, name: str) -> None:
    media = await sandbox.open(dicoms.real(name), {"dicom"})
    wanted = dicoms.read(dicoms.real(dicoms.MR)).pixel_array
    found = dicom_of(media)
    assert media.mime == MIME
    assert found.stored.dtype == np.int16
    assert np.array_equal(found.stored, wanted)


async def test_the_picture_is_what_the_window_shows(sandbox: Sandbox) -> None:
    source = dicoms.read(dicoms.real(dicoms.MR))
    shown = (await sandbox.open(dicoms.real(dicoms.MR))).frames()[0].pixels
    assert shown.shape == (64, 64, 3)
    wanted = apply_windowing(source.pixel_array, source)
    # pydicom's output range is that of the stored values, -32768 to 32767.
    assert np.abs((wanted + 32768) / 65535 * 255 - shown[..., 0]).max() <= 1.0


async def test_low_is_bright_in_monochrome1(sandbox: Sandbox) -> None:
    bright = (await sandbox.open(dicoms.real(dicoms.MR))).frames()[0].pixels
    dark = (await sandbox.open(dicoms.edited(dicoms.MR, PhotometricInterpretation="MONOCHROME1"))).frames()[0].pixels
    assert np.array_equal(dark, 255 - bright)


async def test_a_window_that_hides_the_picture_is_not_used(sandbox: Sandbox) -> None:
    hidden = dicoms.edited(dicoms.MR, WindowCenter="30000", WindowWidth="10")
    shown = (await sandbox.open(hidden)).frames()[0].pixels
    assert shown.std() > 30
    assert shown.min() == 0
    assert shown.max() == 255


async def test_bits_above_the_significant_ones_are_no_part_of_a_value(sandbox: Sandbox) -> None:
    values = np.arange(64, dtype=np.uint16).reshape(8, 8)
    found = dicom_of(await sandbox.open(dicoms.holding(values | 0x8000, 12), {"dicom"}))
    assert found.values.bits == 12
    assert np.array_equal(found.stored, values)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize("signed", [False, True])
async def test_every_depth(sandbox: Sandbox, bits: int, signed: bool) -> None:
    low = -(1 << (bits - 1)) if signed else 0
    values = np.linspace(low, low + (1 << bits) - 1, 35).round().astype(np.int16 if signed else np.uint16).reshape(5, 7)
    found = dicom_of(await sandbox.open(dicoms.holding(values, bits), {"dicom"}))
    assert (found.values.minimum, found.values.maximum) == (low, low + (1 << bits) - 1)
    assert np.array_equal(found.stored, values)


async def test_what_values_mean(sandbox: Sandbox) -> None:
    values = dicom_of(await sandbox.open(dicoms.real(dicoms.CT), {"dicom"})).values
    assert (values.slope, values.intercept, values.unit, values.padding) == (1.0, -1024.0, "HU", (-2000, -2000))


async def test_nothing_that_people_wrote_is_among_the_tags(sandbox: Sandbox) -> None:
    media = await sandbox.open(dicoms.real(dicoms.CT), {"tags"})
    tags = media.view("tags")
    assert not tags.error
    assert not tags.arrays
    assert not any(tags.facts[name] for name in ("exif", "xmp", "iptc", "text", "container"))


async def test_a_picture_that_is_a_dicom_file_too_is_the_picture(sandbox: Sandbox) -> None:
    png = bytearray(sample("image/png"))
    png[128:132] = b"DICM"
    assert sniff(bytes(png))[1] == "image/png"
    # The standard allows the preamble of a TIFF, and scanners write one.
    assert dicoms.real(dicoms.CT)[:2] == b"II"
    assert sniff(dicoms.real(dicoms.CT))[1] == MIME


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("examples_rgb_color.dcm", "colour"),
        ("examples_palette.dcm", "colour"),
        ("rtdose.dcm", "frames"),
        ("rtdose_1frame.dcm", "depth"),
        ("liver_1frame.dcm", "depth"),
        ("JPEG-lossy.dcm", "JPEG Extended"),
        ("image_dfl.dcm", "Deflated"),
        ("reportsi.dcm", "no picture"),
    ],
)
async def test_what_is_not_read_says_so(sandbox: Sandbox, name: str, words: str) -> None:
    with pytest.raises(UnsupportedMedia, match=words) as refused:
        await sandbox.open(dicoms.real(name))
    assert (refused.value.field, bool(refused.value.limit)) == ("media", True)


@pytest.mark.parametrize("name", SHIPPED)
async def test_every_file_is_read_or_refused_and_nothing_of_a_patient_is_quoted(sandbox: Sandbox, name: str) -> None:
    try:
        media = await sandbox.open(dicoms.real(name), {"dicom", "tags", "samples", "jpeg"})
    except (InvalidInput, LimitExceeded) as error:
        told = f"{error} {error.limit} {error.found}"
    else:
        told = " ".join(view.error for view in media.views.values())
    assert not [word for word in names_in(name) if word in told]
    assert (await sandbox.open(sample("image/png"))).mime == "image/png"


def names_in(name: str) -> list[str]:
    """Words of the patient's name and identifiers."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # several of these files are wrong on purpose
            found = dicoms.read(dicoms.real(name))
    except (pydicom.errors.InvalidDicomError, EOFError):
        return []
    texts = (str(found.get(keyword, "")) for keyword in ("PatientName", "PatientID", "InstitutionName"))
    return [word for text in texts for word in text.split("^") if len(word) > 3]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"RescaleSlope": "0"}, "RescaleSlope"),
        ({"HighBit": 7}, "lowest bits"),
        ({"Rows": 0}, "no pixels"),
        ({"Rows": 129}, "cannot be read"),
        ({"PixelData": b"\0" * 100}, "cannot be read"),
    ],
)
async def test_elements_that_contradict_each_other(sandbox: Sandbox, changes: dict[str, object], words: str) -> None:
    with pytest.raises((CorruptMedia, UnsupportedMedia), match=words):
        await sandbox.open(dicoms.edited(dicoms.CT, **changes))


async def test_a_file_without_identifiers_can_be_looked_at_and_not_derived_from(sandbox: Sandbox) -> None:
    media = await sandbox.open(dicoms.edited(dicoms.CT, SeriesInstanceUID=None), {"dicom"})
    with pytest.raises(CorruptMedia, match="SeriesInstanceUID"):
        dicom_of(media)


async def test_limits_hold_before_anything_is_decoded() -> None:
    async with await Sandbox.start(PARSERS, Limits(max_pixels=1000), workers=1) as small:
        with pytest.raises(LimitExceeded) as refused:
            await small.open(dicoms.real(dicoms.CT))
    assert refused.value.field == "media.pixels"


async def test_facts_are_plain_json(sandbox: Sandbox) -> None:
    view = (await sandbox.open(dicoms.real(dicoms.OVERLAID), {"dicom"})).view("dicom")
    assert json.loads(json.dumps(view.facts))["header"]["counts_pixels"] == ["OverlayData"]
    assert dicoms.PATIENT.decode() not in json.dumps(view.facts)
    assert "Sssssss" not in json.dumps(view.facts)  # the name of its patient

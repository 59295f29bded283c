"""DICOM in, DICOM out: opened by pydicom and compared element by element."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from core.errors import InvalidInput
from core.media import Media
from core.registry import Registry
from generators.base import MEDICAL, Generator, Output
from generators.medical.enhancement import UNMARKED
from tests import dicoms
from tests.generators.pictures import make

NEW = {
    *("ImageType", "SOPInstanceUID", "SeriesInstanceUID", "SeriesNumber", "SeriesDescription", "ImageComments"),
    *("DerivationDescription", "SourceImageSequence", "ContributingEquipmentSequence", "PixelData"),
}
"""What every output has of its own."""
STALE = {
    *("InstanceCreationDate", "InstanceCreationTime", "InstanceCreatorUID", "SmallestImagePixelValue"),
    *("LargestImagePixelValue", "IconImageSequence", "DataSetTrailingPadding"),
}
PLACED = {"Rows", "Columns", "PixelSpacing", "ImagePositionPatient"}
DENOISERS = ("nlm", "tv", "wavelet", "bilateral")
CODINGS = ("MR_small_implicit.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm")


@cache
def source(name: str) -> Media:
    """One of pydicom's files, opened."""
    return dicoms.opened(dicoms.real(name))


def edited(name: str, **elements: Any) -> Media:
    return dicoms.opened(dicoms.edited(name, **elements))


@pytest.fixture
def nlm(generators: Registry[Generator]) -> Generator:
    return generators.get("nlm")


@pytest.fixture
def lanczos(generators: Registry[Generator]) -> Generator:
    return generators.get("lanczos")


def pair(name: str, output: Output) -> tuple[pydicom.FileDataset, pydicom.FileDataset]:
    return dicoms.read(dicoms.real(name)), dicoms.read(output.data)


def differing(before: pydicom.Dataset, after: pydicom.Dataset) -> set[str]:
    """Keywords of standard elements that are other than before, gone or new; private ones as one word."""
    tags = {*before.keys(), *after.keys()}
    changed = {tag for tag in tags if tag not in before or tag not in after or before[tag] != after[tag]}
    return {pydicom.datadict.keyword_for_tag(tag) or "private" for tag in changed}


@pytest.mark.parametrize("name", [dicoms.CT, dicoms.MR, dicoms.OVERLAID, *CODINGS])
def test_of_equal_size_nothing_changes_but_what_has_to(nlm: Generator, name: str) -> None:
    before, after = pair(name, make(nlm, source(name))[0])
    assert differing(before, after) <= NEW | STALE
    assert after.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert after.PatientName == before.PatientName
    assert not differing(before, after) & {"PatientName", "PatientID", "private", "OverlayData"}


@pytest.mark.parametrize("name", [dicoms.CT, dicoms.MR])
def test_an_enlargement_lies_where_its_source_lies(lanczos: Generator, name: str) -> None:
    before, after = pair(name, make(lanczos, source(name), scale="2")[0])
    assert differing(before, after) <= NEW | STALE | PLACED | {"private"}
    assert (after.Rows, after.Columns) == (2 * before.Rows, 2 * before.Columns)
    assert [float(each) * 2 for each in after.PixelSpacing] == pytest.approx([float(e) for e in before.PixelSpacing])
    half = float(after.PixelSpacing[0]) / 2
    moved = np.subtract(after.ImagePositionPatient, before.ImagePositionPatient)
    assert moved == pytest.approx([-half, -half, 0.0], abs=1e-6)


def test_private_elements_stay_where_each_pixel_does(nlm: Generator, lanczos: Generator) -> None:
    def private(output: Output) -> int:
        return sum(element.tag.is_private for element in dicoms.read(output.data))

    assert private(make(nlm, source(dicoms.CT))[0]) == sum(
        e.tag.is_private for e in dicoms.read(dicoms.real(dicoms.CT))
    )
    assert private(make(lanczos, source(dicoms.CT))[0]) == 0


def test_who_made_it_of_what(nlm: Generator) -> None:
    before, after = pair(dicoms.CT, make(nlm, source(dicoms.CT))[0])
    assert list(after.ImageType) == ["DERIVED", "SECONDARY", "AXIAL"]
    assert after.SOPClassUID == before.SOPClassUID == after.file_meta.MediaStorageSOPClassUID
    assert after.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID != before.SOPInstanceUID
    assert after.SeriesInstanceUID != before.SeriesInstanceUID
    assert after.StudyInstanceUID == before.StudyInstanceUID
    (origin,) = after.SourceImageSequence
    assert origin.ReferencedSOPInstanceUID == before.SOPInstanceUID
    assert origin.SpatialLocationsPreserved == "YES"
    (maker,) = after.ContributingEquipmentSequence
    assert (maker.ManufacturerModelName, maker.SoftwareVersions) == ("nlm", nlm.version.removeprefix("sha256:"))
    for text in (after.SeriesDescription, after.ImageComments, after.DerivationDescription):
        assert "NOT FOR DIAGNOSIS" in text


def test_a_second_enhancement_keeps_who_made_the_first(nlm: Generator, lanczos: Generator) -> None:
    first = make(nlm, source(dicoms.MR))[0]
    second = make(lanczos, dicoms.opened(first.data))[0]
    makers = dicoms.read(second.data).ContributingEquipmentSequence
    assert [each.ManufacturerModelName for each in makers] == ["nlm", "lanczos"]


def test_slices_that_are_worked_on_alike_stay_one_series(nlm: Generator) -> None:
    other = edited(dicoms.MR, SOPInstanceUID="1.2.3.4")
    first, second = (dicoms.read(output.data) for output in make(nlm, source(dicoms.MR), other))
    assert first.SeriesInstanceUID == second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    stronger = dicoms.read(make(nlm, source(dicoms.MR), sigma="30")[0].data)
    assert stronger.SeriesInstanceUID != first.SeriesInstanceUID


@pytest.mark.parametrize("name", ["compact", "bicubic", "lanczos", *DENOISERS])
@pytest.mark.parametrize("file", [dicoms.CT, dicoms.MR])
def test_every_method_holds_every_mean(generators: Registry[Generator], name: str, file: str) -> None:
    output = make(generators.get(name), source(file))[0]
    before, after = pair(file, output)
    stored, made = before.pixel_array.astype(float), after.pixel_array.astype(float)
    side = made.shape[0] // stored.shape[0]
    cell = side if side > 1 else 8
    means = made.reshape(made.shape[0] // cell, cell, made.shape[1] // cell, cell).mean(axis=(1, 3))
    wanted = stored if side > 1 else stored.reshape(means.shape[0], cell, means.shape[1], cell).mean(axis=(1, 3))
    worst = np.abs(means - wanted).max()
    assert worst <= 0.5
    assert output.notes["consistency_max"] == pytest.approx(worst, abs=1e-6)
    assert not np.array_equal(made, np.repeat(np.repeat(stored, side, 0), side, 1))
    assert output.measured == UNMARKED


@pytest.mark.parametrize("name", DENOISERS)
def test_every_denoiser_takes_noise_away(generators: Registry[Generator], name: str) -> None:
    notes = make(generators.get(name), source(dicoms.MR))[0].notes
    assert float(notes["noise_after"]) < 0.9 * float(notes["noise_before"])


@pytest.mark.parametrize("name", ["clahe", "unsharp", "wiener", "richardson_lucy", "nafnet_sigma", "auto"])
def test_what_is_for_eyes_is_not_for_medical_pictures(generators: Registry[Generator], name: str) -> None:
    generator = generators.get(name)
    assert MEDICAL not in generator.card.profiles
    with pytest.raises(InvalidInput, match="not for medical pictures") as refused:
        make(generator, source(dicoms.MR))
    assert refused.value.field == "model"


def test_the_same_job_gives_the_same_file(nlm: Generator) -> None:
    assert make(nlm, source(dicoms.CT))[0].data == make(nlm, source(dicoms.CT))[0].data


def test_what_the_figures_are_in(nlm: Generator) -> None:
    assert make(nlm, source(dicoms.CT))[0].notes["unit"] == "HU"
    assert make(nlm, source(dicoms.MR))[0].notes["unit"] == "rescaled values"

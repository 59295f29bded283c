"""Odd pictures and dishonest methods: what is held, what is refused, and what the map of uncertainty says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from core.dicom.facts import dicom_of
from core.errors import Cancelled, InvalidInput, LimitExceeded
from core.media import Media
from core.registry import Registry
from generators.base import Generator, Progress, Value
from generators.medical.enhancement import Work, enhanced
from generators.medical.ensemble import Method, Plane
from generators.parameters import parse
from tests import dicoms
from tests.generators.pictures import job, make, media, noise


def work(method: Method, scale: int = 1, **settings: Value) -> Work:
    """By a method that is told of no noise to speak of where it denoises."""
    sigma = None if scale > 1 else 1e6
    return Work(lambda _: method, sigma, scale, "made by a test", "test", "sha256:" + "0" * 64, settings)


def made(source: Media, asked: Work) -> NDArray[Any]:
    output = enhanced(source, asked, lambda _: None, lambda: False)
    return dicom_of(dicoms.opened(output.data)).stored


def doubled(plane: Plane, progress: Progress) -> Plane:
    progress(1.0)
    return np.repeat(np.repeat(plane, 2, axis=0), 2, axis=1)


def black(plane: Plane, progress: Progress) -> Plane:
    progress(1.0)
    return np.zeros_like(plane)


def nobody(plane: Plane, progress: Progress) -> Plane:
    progress(1.0)
    return np.full_like(plane, np.nan)


def lifted(plane: Plane, progress: Progress) -> Plane:
    """A little too bright everywhere."""
    progress(1.0)
    return plane + np.float32(0.02)


def test_a_method_that_makes_something_else_is_refused_with_the_figures() -> None:
    with pytest.raises(InvalidInput, match="not what was measured") as refused:
        made(dicoms.opened(dicoms.real(dicoms.CT)), work(black))
    assert refused.value.field == "model"
    assert "HU" in refused.value.limit
    assert refused.value.found.startswith("moved by ")


def test_a_method_that_makes_no_numbers_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no numbers"):
        made(dicoms.opened(dicoms.real(dicoms.CT)), work(nobody))


def test_a_method_that_is_off_everywhere_is_brought_back_and_it_is_told() -> None:
    source = dicoms.opened(dicoms.real(dicoms.MR))
    output = enhanced(source, work(lifted), lambda _: None, lambda: False)
    span = float(np.ptp(dicom_of(source).stored))
    assert output.notes["consistency_before"] == pytest.approx(0.02 * span, rel=0.01)
    assert output.notes["projection_rms"] == pytest.approx(0.02 * span, rel=0.05)
    assert float(output.notes["consistency_max"]) <= 0.5


def test_padding_stays_padding() -> None:
    stored = np.full((16, 24), 1000, np.int16)
    stored[:, 12:] = 1200
    stored[4:, :5] = -2000
    source = dicoms.opened(dicoms.holding(stored, 16, dicoms.CT))
    larger = made(source, work(doubled, 2))
    assert (larger[8:, :10] == -2000).all()
    assert np.count_nonzero(larger == -2000) == 12 * 5 * 4
    assert sorted(np.unique(larger)) == [-2000, 1000, 1200]


@pytest.mark.parametrize("name", ["bicubic", "lanczos", "nlm", "compact"])
@pytest.mark.parametrize(
    ("low", "high", "bits"), [(0, 255, 8), (0, 4095, 12), (-2048, 2047, 12), (0, 65535, 16), (-32768, 32767, 16)]
)
def test_values_at_both_ends_of_the_range(
    generators: Registry[Generator], name: str, low: int, high: int, bits: int
) -> None:
    stored = np.full((24, 32), low, np.int16 if low < 0 else np.uint16)
    stored[6:18, 8:24] = high
    source = dicoms.opened(dicoms.holding(stored, bits))
    output = make(generators.get(name), source)[0]
    found = dicoms.read(output.data)
    assert (found.BitsStored, found.HighBit) == (bits, bits - 1)
    assert found.pixel_array.min() == low
    assert found.pixel_array.max() == high


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 3), (17, 31)])
@pytest.mark.parametrize("name", ["bicubic", "compact", "nlm", "wavelet", "tv", "bilateral"])
def test_any_size(generators: Registry[Generator], name: str, shape: tuple[int, int]) -> None:
    stored = np.random.default_rng(2).integers(0, 4096, shape).astype(np.uint16)
    output = make(generators.get(name), dicoms.opened(dicoms.holding(stored, 12)))[0]
    found = dicoms.read(output.data).pixel_array
    assert found.shape[0] % shape[0] == 0
    assert found.shape[0] * shape[1] == found.shape[1] * shape[0]


def test_a_picture_of_one_value_stays_one(generators: Registry[Generator]) -> None:
    source = dicoms.opened(dicoms.holding(np.full((20, 20), 77, np.uint16), 12))
    for name in ("bicubic", "nlm", "compact"):
        assert (dicoms.read(make(generators.get(name), source)[0].data).pixel_array == 77).all()


def test_lossy_once_is_lossy_for_ever(generators: Registry[Generator]) -> None:
    output = make(generators.get("nlm"), dicoms.opened(dicoms.real("693_J2KI.dcm")))[0]
    assert dicoms.read(output.data).LossyImageCompression == "01"
    plain = make(generators.get("nlm"), dicoms.opened(dicoms.real(dicoms.CT)))[0]
    assert "LossyImageCompression" not in dicoms.read(plain.data)


def test_places_in_pixels_keep_a_picture_from_being_enlarged(generators: Registry[Generator]) -> None:
    source = dicoms.opened(dicoms.real(dicoms.OVERLAID))
    with pytest.raises(InvalidInput, match="places in its pixels") as refused:
        make(generators.get("bicubic"), source)
    assert (refused.value.field, refused.value.found) == ("media", "OverlayData")


def test_more_rows_than_the_format_can_say_are_refused(generators: Registry[Generator]) -> None:
    source = dicoms.opened(dicoms.holding(np.zeros((1, 20_000), np.uint16), 12))
    with pytest.raises(LimitExceeded) as refused:
        make(generators.get("bicubic"), source, scale="4")
    assert (refused.value.field, refused.value.found) == ("parameters.scale", "80000×4")


def test_values_that_a_table_gives_their_meaning_are_refused(generators: Registry[Generator]) -> None:
    table = Dataset()
    table.LUTDescriptor, table.LUTData, table.ModalityLUTType = [4, 0, 16], b"\0" * 8, "US"
    table["LUTDescriptor"].VR, table["LUTData"].VR = "US", "OW"
    source = dicoms.opened(dicoms.edited(dicoms.MR, ModalityLUTSequence=Sequence([table])))
    with pytest.raises(InvalidInput, match="what a table says"):
        make(generators.get("nlm"), source)


def test_a_map_says_what_the_figures_say(generators: Registry[Generator]) -> None:
    source, model = dicoms.opened(dicoms.real(dicoms.CT)), generators.get("tv")
    picture, shown = (make(model, source, uncertainty=what)[0] for what in ("picture", "map"))
    assert shown.notes == picture.notes
    found, before = dicoms.read(shown.data), dicoms.read(dicoms.real(dicoms.CT))
    deviations = found.pixel_array * float(found.RescaleSlope) + float(found.RescaleIntercept)
    assert deviations.max() == pytest.approx(float(picture.notes["uncertainty_max"]), rel=1e-3)
    assert deviations.mean() == pytest.approx(float(picture.notes["uncertainty_mean"]), rel=1e-2)
    assert found.RescaleType == "HU"
    assert "PixelPaddingValue" not in found
    assert "Standard deviation" in found.DerivationDescription
    assert found.ImagePositionPatient == before.ImagePositionPatient
    assert found.SeriesInstanceUID != dicoms.read(picture.data).SeriesInstanceUID


def test_a_map_is_for_medical_pictures_alone(generators: Registry[Generator]) -> None:
    model = generators.get("nlm")
    with pytest.raises(InvalidInput, match="medical pictures alone") as refused:
        model.batch_key(job(model, media(noise(8, 8)), uncertainty="map"))
    assert refused.value.field == "parameters.uncertainty"
    assert parse(model.parameters, {})["uncertainty"] == "picture"


def test_cancelling_stops_between_passes(generators: Registry[Generator]) -> None:
    source, model = dicoms.opened(dicoms.real(dicoms.MR)), generators.get("nlm")
    heard: list[float] = []
    with pytest.raises(Cancelled):
        model.generate([job(model, source)], heard.append, lambda: len(heard) >= 3)
    assert len(heard) == 3

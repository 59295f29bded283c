"""Where the pixels of an enlargement lie in the patient, and who it says it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.dicom.tags import enlarged, identifier

NUMBERS = st.floats(-500, 500)


def place(geometry: dict[str, tuple[float, ...]], row: float, column: float) -> np.ndarray:
    """The middle of a pixel in millimetres (PS3.3, equation C.7.6.2.1-1)."""
    orientation, spacing = np.array(geometry["ImageOrientationPatient"]), geometry["PixelSpacing"]
    along_rows, along_columns = orientation[:3], orientation[3:]
    return (
        np.array(geometry["ImagePositionPatient"]) + along_rows * spacing[1] * column + along_columns * spacing[0] * row
    )


@given(
    st.tuples(NUMBERS, NUMBERS, NUMBERS),
    st.tuples(*[st.floats(-1, 1)] * 6),
    st.tuples(st.floats(0.1, 3), st.floats(0.1, 3)),
    st.sampled_from([2, 3, 4]),
    st.integers(0, 100),
    st.integers(0, 100),
)
def test_the_middle_of_a_pixels_pixels_is_the_middle_of_the_pixel(
    position: tuple[float, ...],
    orientation: tuple[float, ...],
    spacing: tuple[float, ...],
    scale: int,
    row: int,
    column: int,
) -> None:
    before = {"ImagePositionPatient": position, "ImageOrientationPatient": orientation, "PixelSpacing": spacing}
    after = {**before, **enlarged(before, scale)}
    middle = (scale - 1) / 2
    found = place(after, row * scale + middle, column * scale + middle)
    assert found == pytest.approx(place(before, row, column), abs=1e-6)


def test_without_a_place_in_the_patient_only_spacings_change() -> None:
    assert enlarged({"ImagerPixelSpacing": (0.2, 0.1)}, 2) == {"ImagerPixelSpacing": (0.1, 0.05)}


def test_identifiers_are_the_sources_and_the_jobs() -> None:
    first = identifier("series", "1.2.3", "sha256:a")
    assert first == identifier("series", "1.2.3", "sha256:a")
    others = {identifier("instance", "1.2.3", "sha256:a"), identifier("series", "1.2.4", "sha256:a")}
    assert first not in others | {identifier("series", "1.2.3", "sha256:b")}
    assert first.startswith("2.25.")
    assert len(first) <= 64

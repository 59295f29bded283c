"""Small and large pictures of two folders, or of one: which belong together, and what is said of the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.training.conftest import textured
from training.degrade import reduce_bicubic
from training.evaluation.restoring import asking
from training.evaluation.restoring.contest import Pair
from training.evaluation.restoring.folders import Folder
from training.evaluation.restoring.pairing import factor_of, given_pairs
from training.measure import to_picture, to_tensor
from training.metrics import Picture

WHOLE = textured(1)


def save(path: Path, pixels: Picture) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)


def reduced(pixels: Picture, scale: int) -> Picture:
    return to_picture(reduce_bicubic(to_tensor(pixels), scale))


def shapes(pair: Pair) -> tuple[str, tuple[int, ...], tuple[int, ...]]:
    return pair.condition.name, pair.spoiled.shape[:2], pair.wanted.shape[:2]


def test_one_picture_may_have_partners_of_several_factors(tmp_path: Path) -> None:
    save(tmp_path / "hr" / "baby.png", WHOLE[:64, :48])
    for scale in (2, 4):
        save(tmp_path / "lr" / f"babyx{scale}.png", reduced(WHOLE[:64, :48], scale))
    large, small = Folder(tmp_path / "hr"), Folder(tmp_path / "lr")
    assert [shapes(pair) for pair in given_pairs(large, small)] == [
        ("given x2", (32, 24), (64, 48)),
        ("given x4", (16, 12), (64, 48)),
    ]
    assert [shapes(pair)[0] for pair in given_pairs(large, small, (4,))] == ["given x4"]
    assert (large.skipped, small.skipped) == ({}, {"babyx2.png": "is smaller by 2, not by 4"})


def test_one_folder_may_hold_both_sides(tmp_path: Path) -> None:
    save(tmp_path / "set" / "img_1_SRF_2_HR.png", WHOLE[:40, :40])
    save(tmp_path / "set" / "img_1_SRF_2_LR.png", reduced(WHOLE[:40, :40], 2))
    save(tmp_path / "set" / "img_1_SRF_2_bicubic.png", WHOLE[:40, :40])
    large, small = Folder(tmp_path / "set"), Folder(tmp_path / "set", "lr")
    assert [shapes(pair) for pair in given_pairs(large, small)] == [("given x2", (20, 20), (40, 40))]
    assert large.skipped | asking.beside(small, large) == {"img_1_SRF_2_bicubic.png": "has no partner in set"}


@pytest.mark.parametrize("rows", [15, 16])
def test_sides_that_were_rounded_down_or_up_are_cut_to_what_both_have(tmp_path: Path, rows: int) -> None:
    save(tmp_path / "hr" / "a.png", WHOLE[:61, :60])
    save(tmp_path / "lr" / "a.png", WHOLE[:rows, :15])
    (pair,) = given_pairs(Folder(tmp_path / "hr"), Folder(tmp_path / "lr"))
    assert shapes(pair) == ("given x4", (15, 15), (60, 60))


def test_what_does_not_fit_is_told_with_both_sizes(tmp_path: Path) -> None:
    save(tmp_path / "hr" / "a.png", WHOLE[:60, :50])
    save(tmp_path / "lr" / "a.png", WHOLE[:20, :50])
    save(tmp_path / "lr" / "b.png", WHOLE[:20, :50])
    large, small = Folder(tmp_path / "hr"), Folder(tmp_path / "lr")
    assert list(given_pairs(large, small)) == []
    assert (
        large.skipped["a.png"]
        == "does not fit its partner a.png, 50×60 beside 50×20: no whole factor lies between them"
    )
    assert small.skipped == {"b.png": "has no partner in hr"}
    list(given_pairs(small, Folder(tmp_path / "hr")))
    assert "does not fit" in small.skipped["a.png"]


def test_folders_the_other_way_round_are_told(tmp_path: Path) -> None:
    save(tmp_path / "hr" / "a.png", WHOLE[:20, :20])
    save(tmp_path / "lr" / "a.png", WHOLE[:40, :40])
    large = Folder(tmp_path / "hr")
    assert list(given_pairs(large, Folder(tmp_path / "lr"))) == []
    assert "are --hr and --lr the other way round?" in large.skipped["a.png"]


@given(
    scale=st.integers(1, 4),
    height=st.integers(48, 200),
    width=st.integers(48, 200),
    up=st.booleans(),
    told=st.booleans(),
)
def test_the_factor_is_found_however_sides_were_rounded(
    scale: int, height: int, width: int, up: bool, told: bool
) -> None:
    small = tuple(-(-side // scale) if up else side // scale for side in (height, width))
    found = factor_of(np.zeros((height, width, 3), np.uint8), np.zeros((*small, 3), np.uint8), scale if told else 0)
    assert found == scale


def test_why_nothing_could_be_measured_says_how_names_are_compared() -> None:
    assert "without their ending and marks such as x4" in str(asking.nothing({"a.png": "has no partner in lr"}))
    assert str(asking.nothing({})).endswith("no model here undoes what was done to them")

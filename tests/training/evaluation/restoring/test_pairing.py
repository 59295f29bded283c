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
from training.evaluation.restoring.pairing import Wanted, factor_of, given_pairs, named_pairs
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
    assert [shapes(pair)[0] for pair in given_pairs(large, small, Wanted((4,)))] == ["given x4"]
    assert (large.skipped, small.skipped) == ({}, {"babyx2.png": "is smaller by 2, not by 4"})


def test_one_folder_may_hold_both_sides(tmp_path: Path) -> None:
    save(tmp_path / "set" / "img_1_SRF_2_HR.png", WHOLE[:40, :40])
    save(tmp_path / "set" / "img_1_SRF_2_LR.png", reduced(WHOLE[:40, :40], 2))
    save(tmp_path / "set" / "img_1_SRF_2_bicubic.png", WHOLE[:40, :40])
    large, small = Folder(tmp_path / "set"), Folder(tmp_path / "set", "lr")
    assert [shapes(pair) for pair in given_pairs(large, small)] == [("given x2", (20, 20), (40, 40))]
    assert large.skipped | asking.beside(small, large) == {"img_1_SRF_2_bicubic.png": "has no partner in set"}


def test_a_marked_original_is_never_what_something_is_restored_from(tmp_path: Path) -> None:
    save(tmp_path / "set" / "comic_GT.png", WHOLE[:40, :40])
    save(tmp_path / "set" / "comic.png", WHOLE[40:80, :40])
    large, small = Folder(tmp_path / "set"), Folder(tmp_path / "set", "lr")
    (pair,) = given_pairs(large, small)
    assert np.array_equal(pair.wanted, WHOLE[:40, :40])
    assert np.array_equal(pair.spoiled, WHOLE[40:80, :40])
    assert (large.skipped, small.skipped) == ({}, {})
    assert [name for name, _ in large.pictures()] == ["comic_GT.png"]


def test_files_that_may_each_be_the_original_of_the_other_are_left_out(tmp_path: Path) -> None:
    for name in ("a.bmp", "a.png", "b.png", "b_noisy.png"):
        save(tmp_path / "set" / name, WHOLE[:40, :40])
    large, small = Folder(tmp_path / "set"), Folder(tmp_path / "set", "lr")
    assert [(pair.large.name, pair.small.name) for pair in named_pairs(large, small)] == [("b.png", "b_noisy.png")]
    assert len(list(given_pairs(large, small))) == 1
    assert large.skipped == dict.fromkeys(
        ("a.bmp", "a.png"), "may be the original of a file of set as well as made from it"
    )


@pytest.mark.parametrize("apart", [True, False])
def test_every_level_of_noise_is_a_condition_of_its_own_and_is_told(tmp_path: Path, apart: bool) -> None:
    lr = tmp_path / ("noisy" if apart else "set")
    save(tmp_path / "set" / "3096.png", WHOLE[:40, :40])
    for level in (5, 15, 25, 50, 150):
        save(lr / f"3096_noisy{level}.png", WHOLE[:40, :40])
    large, small = Folder(tmp_path / "set"), Folder(lr, "lr")
    told = {pair.condition.name: pair.condition.told for pair in given_pairs(large, small)}
    assert told == {
        **{f"given, noise {level}": {"sigma": float(level)} for level in (5, 15, 25, 50)},
        "given, noise 150": {},  # more than any denoiser takes
    }
    assert [pair.condition.name for pair in given_pairs(large, small, Wanted(sigma=25.0))] == ["given, noise 25"]
    assert small.skipped["3096_noisy5.png"] == "is of noise 5 by its name, not of 25"
    assert [name for name, _ in Folder(tmp_path / "set").pictures()] == ["3096.png"]


def test_pictures_of_the_same_names_in_two_folders_are_of_the_noise_that_is_told(tmp_path: Path) -> None:
    for folder in ("original_png", "noisy25"):
        save(tmp_path / folder / "3096.png", WHOLE[:40, :40])
    large, small = Folder(tmp_path / "original_png"), Folder(tmp_path / "noisy25", "lr")
    (untold,), (told,) = given_pairs(large, small), given_pairs(large, small, Wanted(sigma=25.0))
    assert (untold.condition.name, untold.condition.told) == ("given", {})
    assert (told.condition.name, told.condition.told) == ("given, noise 25", {"sigma": 25.0})


def test_an_x_and_a_number_of_the_name_pair_with_nothing_else(tmp_path: Path) -> None:
    for number in range(3):
        save(tmp_path / "hr" / f"tex{number}.png", WHOLE[:40, :40])
        save(tmp_path / "lr" / f"tex{number}x2.png", WHOLE[:20, :20])
    pairs = named_pairs(Folder(tmp_path / "hr"), Folder(tmp_path / "lr", "lr"))
    assert [(pair.large.stem, pair.small.stem, pair.factor) for pair in pairs] == [
        (f"tex{number}", f"tex{number}x2", 2) for number in range(3)
    ]


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
    found = factor_of(np.zeros((height, width, 3), np.uint8), np.zeros((*small, 3), np.uint8), scale if told else None)
    assert found == scale


def test_why_nothing_could_be_measured_says_how_names_are_compared() -> None:
    assert "without their ending and marks such as x4" in str(asking.nothing({"a.png": "has no partner in lr"}))
    assert str(asking.nothing({})).endswith("no model here undoes what was done to them")

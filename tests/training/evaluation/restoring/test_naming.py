"""Names of pictures as public sets have them: what was made from what."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.evaluation.restoring.naming import Name, agree, made_from_others, names_of, originals

SETS = [
    (["baby.png"], ["babyx4.png"]),  # EDSR's packages, DIV2K
    (["0801.png"], ["0801x4m.png"]),  # DIV2K, mild and wild
    (["img_001_SRF_4_HR.png"], ["img_001_SRF_4_LR.png"]),  # SelfExSR's packages
    (["baby_HR_x4.png"], ["baby_LRBI_x4.png"]),  # RCAN's
    (["Canon_001_HR.png"], ["Canon_001_LR4.png"]),  # RealSR
    (["comic_GT.bmp"], ["comic.bmp"]),
    (["baby_HR.png"], ["baby_LRx4.png"]),
    (["3096.png"], ["3096_noisy5.png", "3096_noisy15.png", "3096_noisy25.png", "3096_noisy50.png"]),  # CBSD68
]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("baby_x2.png", Name("baby", factor=2)),
        ("babyx2.png", Name("babyx2")),  # nothing else is called baby
        ("tex0x2.png", Name("tex0", factor=2)),
        ("tex2x2.png", Name("tex2", factor=2)),
        ("tex_x0.png", Name("tex_x0")),
        ("a_noisy.png", Name("a", small=True)),
        ("a_noisy15.png", Name("a", small=True, level=15)),
        ("a_sigma25.png", Name("a", small=True, level=25)),
        ("a_noise_50.png", Name("a", small=True, level=50)),
        ("white_noise.png", Name("white_noise")),
        ("a_LRx4_noisy10.png", Name("a", small=True, factor=4, level=10)),
        ("img_001_SRF_2_LR.png", Name("img_001", small=True, factor=2)),
        ("Canon_001_LR4.png", Name("canon_001", small=True, factor=4)),
        ("0801x4m.png", Name("0801", factor=4)),
        ("a_HR.tif", Name("a", large=True)),
        ("x2.png", Name("x2")),
        ("uhr.png", Name("uhr")),
        ("photo_1024x768.jpg", Name("photo_1024x768")),
    ],
)
def test_marks_at_the_end_are_read(name: str, wanted: Name) -> None:
    path = Path(name)
    assert names_of([path]) == {path: wanted}


@pytest.mark.parametrize(("large", "small"), SETS)
def test_partners_of_public_sets_agree_and_are_told_apart_in_one_folder(large: list[str], small: list[str]) -> None:
    one, other = [Path(name) for name in large], [Path(name) for name in small]
    names = names_of(one + other)
    assert all(agree(names[one[0]], names[each]) for each in other)
    assert originals(one + other) == one
    assert made_from_others(one + other) == other


def test_what_other_methods_made_is_on_neither_side() -> None:
    names = ["i_SRF_4_HR.png", "i_SRF_4_LR.png", "i_SRF_4_bicubic.png"]
    paths = [Path(name) for name in names]
    assert (originals(paths), made_from_others(paths)) == ([paths[0]], [paths[1]])


def test_other_factors_and_other_pictures_do_not_agree() -> None:
    for large, small in (("i_SRF_2_HR.png", "i_SRF_4_LR.png"), ("baby.png", "bird_x4.png")):
        one, other = names_of([Path(large), Path(small)]).values()
        assert not agree(one, other)


def test_numbers_behind_an_x_of_the_name_itself_are_no_factors() -> None:
    large = [Path(f"hr/tex{number}.png") for number in range(5)]
    small = [Path(f"lr/tex{number}x2.png") for number in range(5)]
    names = names_of(large + small)
    assert originals(large) == made_from_others(large) == large
    for one in large:
        assert [other.stem for other in small if agree(names[one], names[other])] == [f"{one.stem}x2"]


@given(st.lists(st.text(st.sampled_from("abx24_hrl."), min_size=1, max_size=8), unique=True, max_size=6))
def test_a_folder_always_keeps_a_picture_on_each_side(stems: list[str]) -> None:
    paths = [Path(f"{stem}.png") for stem in stems]
    assert bool(originals(paths)) == bool(made_from_others(paths)) == bool(paths)
    assert set(originals(paths)) <= set(paths)

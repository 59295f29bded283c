"""Films made of pictures, and the probe and calibration that come of them, with generators that are all too smooth."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.media import Pixels
from core.weights import read_manifest
from detectors.films.frame_wise import FrameWise
from detectors.generated.detector import Branches, GeneratedDetector
from detectors.generated.video import NAME, NAMING
from tests.detectors.making import coded, halved, media
from training.evaluation.filming.files import H264, VP9
from training.evaluation.filming.stills import coding, film_of, shot_of, size_of
from training.generated import films
from training.generated.features import read, take
from training.generated.filmed import SHOTS, alone, filmed, take_films, together
from training.generated.material import Picture
from training.generated.plan import GeneratedPlan
from training.recipe import read_recipe

RECIPE = Path(__file__).parents[3] / "training" / "recipes" / "detectors" / "generated_video.yaml"
PLAN = read_recipe(RECIPE, GeneratedPlan, "smoke")
SCENES = ("stream", "crab", "fig", "dogs")
FEW = 8
"""Pictures of a shot: as many as the tests need."""


def smooth(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), 4), np.uint8)


def pictures() -> list[Picture]:
    """Twenty-four of two collections by generators, whose pictures are smooth, and as many by people."""
    made = []
    for number in range(48):
        pixels = np.ascontiguousarray(np.roll(halved(SCENES[number % 4]), 17 * number, axis=1)[:300, :400])
        if number % 2:
            made.append(Picture(f"p{number}", pixels, False, "", f"us/{number % 4}", "scenery"))
        else:
            made.append(Picture(f"g{number}", smooth(pixels), True, "g", f"them/{number % 4}", "scenery"))
    return made


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(100, 400), st.integers(100, 400))
def test_a_film_is_no_larger_than_its_picture_and_the_camera_moves(seed: int, height: int, width: int) -> None:
    picture = np.random.default_rng(seed).integers(0, 2, (height, width, 1), np.uint8).repeat(3, axis=2) * 255
    rng = np.random.default_rng(seed)
    size = size_of([picture], rng)
    assert size[0] % 2 == size[1] % 2 == 0
    assert size[0] <= width
    assert size[1] <= height
    shot = shot_of(picture, size, FEW, rng)
    assert shot.shape == (FEW, size[1], size[0], 3)
    assert len({each.tobytes() for each in shot}) > 1


@pytest.mark.parametrize(("codec", "name"), [(H264, "h264"), (VP9, "vp9")])
def test_films_are_coded_as_they_say(codec: object, name: str, tmp_path: Path) -> None:
    drawn = (coding(np.random.default_rng(seed)) for seed in range(50))
    chosen = next(each for each in drawn if each.codec is codec)
    path = tmp_path / "film"
    path.write_bytes(film_of([np.stack([halved("crab")[:120, :160]] * 3)], chosen))
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name.startswith(name)
    assert chosen.band.startswith(codec.name)  # type: ignore[attr-defined]


def test_the_picture_of_a_shot_is_of_that_shot() -> None:
    levels = (40, 120, 220)
    plain = [np.full((300, 300, 3), level, np.uint8) for level in levels]
    frames, _ = filmed(plain, np.random.default_rng(3), FEW)
    assert [round(float(frame.mean()) / 10) for frame in frames] == [level // 10 for level in levels]


def test_films_of_several_shots_are_of_one_fold_and_of_every_kind() -> None:
    made = list(together(pictures(), 2))
    counts = [sum(each.made for each in shots) for shots in made]
    assert sorted(set(counts)) == [0, 1, SHOTS]
    assert all(len({each.source for each in shots if each.made}) <= 1 for shots in made)
    names = [each.name for shots in made for each in shots]
    assert len(names) == len(set(names))


def test_what_was_made_is_found_by_what_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run, collection = tmp_path / "run", tmp_path / "collection"
    run.mkdir()
    collection.mkdir()
    (collection / "manifest.tsv").write_text("file\tlabel\tgenerator\trepo\tlicence\tsha256\n")
    everything = pictures()
    take(everything, None, 0, PLAN.seed, run / "round-0.safetensors")
    take_films(alone(everything), None, 0, PLAN.seed, run / films.ALONE, FEW)
    take_films(together(everything, 2), None, 1, PLAN.seed, run / films.TOGETHER, FEW)
    assert len(read([run / films.ALONE]).names) == 48
    arguments = [str(RECIPE), "--collection", str(collection), "--profile", "smoke", "--without-tower"]
    monkeypatch.setattr(sys, "argv", ["films", *arguments, "--run", str(run)])
    films.main()
    pinned = read_manifest(run / "weights.toml")[NAME]
    inner = GeneratedDetector(pinned, Branches.of(pinned))
    seen = [_seen(picture) for picture in (halved("dandelion"), smooth(halved("dandelion")))]
    first, second = inner.read([media(coded(picture)) for picture in seen])
    assert first.score is not None
    assert second.score is not None
    assert first.score < second.score
    assert FrameWise(inner, NAMING).version != inner.version
    card = (run / "generated_video.md").read_text(encoding="utf-8")
    assert "| with one shot by a generator |" in card
    assert "| as H.264 18-23 |" in card
    assert "shots are among those that it was fitted on" in card.replace("\n", " ")


def _seen(picture: Pixels) -> Pixels:
    """What a film of it shows, coded as the others."""
    frames, _ = filmed([picture], np.random.default_rng(1), FEW)
    return frames[0]


def test_a_round_is_the_same_again_but_for_what_the_encoder_leaves_open(tmp_path: Path) -> None:
    few = pictures()[:2]
    for name in ("a", "b"):
        take_films(alone(few), None, 0, PLAN.seed, tmp_path / name, FEW)
    first, again = (read([tmp_path / name]) for name in ("a", "b"))
    assert list(first.codecs) == list(again.codecs)
    np.testing.assert_allclose(first.pixels, again.pixels, atol=0.2)
    one, other = (shot_of(few[0].pixels, (200, 100), FEW, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(one, other)

"""From pictures to probes that a server loads, with generators whose pictures are known: they are all too smooth."""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.errors import ConfigurationError
from core.weights import read_manifest
from detectors.base import Verdict
from detectors.generated.detector import NAME, Branches, GeneratedDetector
from tests.detectors.making import coded, halved, media
from training.generated import __main__ as command
from training.generated import material
from training.generated.features import Figures, read, take
from training.generated.material import Picture
from training.generated.plan import GeneratedPlan
from training.recipe import read_recipe

RECIPE = Path(__file__).parents[3] / "training" / "recipes" / "detectors" / "generated.yaml"
PLAN = read_recipe(RECIPE, GeneratedPlan, "smoke")
COLUMNS = ("file", "label", "generator", "repo", "licence", "sha256")


@pytest.fixture
def collection(tmp_path: Path) -> Path:
    """Twelve pictures of two generators and twelve by people."""
    folder = tmp_path / "collection"
    folder.mkdir()
    rows = [_stored(folder, number) for number in range(24)]
    rows.append((*rows[0][:4], "unknown", rows[0][5]))
    with (folder / "manifest.tsv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([COLUMNS, *rows])
    return folder


def _stored(folder: Path, number: int) -> tuple[str, ...]:
    """The even ones are generated."""
    picture = halved(("stream", "crab", "fig", "dogs")[number % 4])
    picture = np.ascontiguousarray(np.roll(picture, 17 * number, axis=1))
    if number % 2 == 0:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 4), np.uint8)
    path = folder / f"{number}.png"
    Image.fromarray(picture).save(path)
    label, generator = ("ai", f"g{number % 4}") if number % 2 == 0 else ("real", "")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return path.name, label, generator, f"us/{label}{number % 4}", "MIT", digest


def figures(collection: Path, run: Path) -> Figures:
    run.mkdir()
    take(material.collected(collection), None, 0, PLAN.seed, run / "round-0.safetensors")
    return read([run / "round-0.safetensors"])


def test_what_was_made_is_found_by_what_is_written(collection: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    taken = figures(collection, tmp_path / "run")
    assert (taken.made.sum(), len(taken.names)) == (12, 24)
    limits = command.make(RECIPE, PLAN, taken, output, collection)
    assert set(limits) == {NAME}
    pinned = read_manifest(output / "weights.toml")
    made = GeneratedDetector(pinned[NAME], Branches.of(pinned[NAME]))
    sharp = media(coded(halved("dandelion")))
    smooth = media(coded(np.asarray(cv2.GaussianBlur(halved("dandelion"), (0, 0), 4), np.uint8)))
    first, second = made.read([sharp, smooth])
    assert first.score is not None
    assert second.score is not None
    assert first.score < second.score
    assert made.calibration.judge(second.score).verdict is Verdict.DETECTED
    card = (output / "generated_image.md").read_text(encoding="utf-8")
    assert "| https://github.com/us/ai0 | MIT | 6 g0 |" in card
    assert "| all, against photographs | 1.000" not in card  # nobody here looks like a photograph to subjects.tsv


def test_the_command_finds_rounds_that_were_taken(
    collection: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures(collection, tmp_path / "run")
    arguments = [str(RECIPE), "--collection", str(collection), "--profile", "smoke", "--without-tower"]
    monkeypatch.setattr(sys, "argv", ["generated", *arguments, "--run", str(tmp_path / "run")])
    command.main()
    assert capsys.readouterr().out.startswith("generated_image: absent to")
    assert (tmp_path / "run" / "weights.toml").is_file()


def test_a_round_is_the_same_again(collection: Path, tmp_path: Path) -> None:
    first, again = (figures(collection, tmp_path / name) for name in ("a", "b"))
    np.testing.assert_array_equal(first.pixels, again.pixels)
    assert list(first.codecs) == list(again.codecs)


def test_a_file_that_is_another_is_refused(collection: Path) -> None:
    (collection / "3.png").write_bytes(coded(halved("fig")))
    with pytest.raises(ConfigurationError, match=r"3\.png is another file"):
        list(material.collected(collection))


def test_a_picture_without_a_licence_to_train_is_left_out(collection: Path) -> None:
    found = [each.name for each in material.collected(collection)]
    assert len(found) == len(set(found)) == 24
    assert all(isinstance(each, Picture) for each in material.collected(collection))

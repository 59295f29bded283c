"""The evaluation by its command, on a model of noise: every figure is there, the same twice, and near to nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from tests.generators import tiny_diffusion
from training.evaluation.text_to_image import __main__ as command
from training.evaluation.text_to_image import report
from training.evaluation.text_to_image.bias import unsaid
from training.evaluation.text_to_image.figures import Evaluation
from training.evaluation.text_to_image.makers import Composites, pinned, served
from training.evaluation.text_to_image.sheet import draw_sheet
from training.evaluation.text_to_image.tasks import prompts
from training.scenes.source import Source


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, source: Source) -> Path:
    asked = [*prompts(source.grammar, 40, 1), *unsaid(source.grammar, 1, 1)]
    said = {word for prompt in asked for word in re.findall("[a-z]+", prompt.caption)}
    with pytest.MonkeyPatch.context() as patch:
        # Spelled out, most of what is asked for would not fit its window.
        patch.setattr(tiny_diffusion, "WORDS", tuple(sorted(said)))
        return tiny_diffusion.pin(tmp_path_factory.mktemp("weights"), fast=True) / "text_to_image"


def test_noise_scores_as_noise(
    model: Path, sprite_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = tmp_path / "card.md"
    card.write_text("{} \n{}".format(*report.markers("fast")))
    common = ["--model", str(model), "--cache", str(sprite_cache), "--count", "2", "--roles", "1", "--mode", "fast"]
    outputs = []
    for _ in range(2):
        command.main([*common, "--steps", "1", "--threads", "1", "--json", "--write", str(card)])
        outputs.append(capsys.readouterr().out)
    assert outputs[0] == outputs[1]
    found = TypeAdapter(Evaluation).validate_python(json.loads(outputs[0]))
    assert found.digest == pinned(model).digest
    assert all(score.made.trials == 2 for score in found.tasks.values())
    assert sum(score.made.hits for score in found.tasks.values()) <= 2
    assert found.distances.made.value > found.distances.composites.value
    assert len(found.bias) == 10
    assert "| single object |" in card.read_text()


def test_a_served_model_makes_the_same_picture_of_the_same_prompt(model: Path, source: Source) -> None:
    asked = prompts(source.grammar, 1, 1)[:2]
    told: list[int] = []
    maker = served(pinned(model), {"steps": 1})
    made = maker.make(asked, told.append)
    again = maker.make(asked, told.append)
    assert sum(told) == 4
    assert all(picture.shape == (64, 64, 3) for picture in made)
    assert all(np.array_equal(one, other) for one, other in zip(made, again, strict=True))
    assert not np.array_equal(made[0], made[1])


def test_a_folder_that_nobody_pinned_is_taken_as_it_lies(model: Path, tmp_path: Path) -> None:
    folder = tiny_diffusion.build(tmp_path / "run")
    found = pinned(folder)
    assert "unet/config.json" in found.files
    assert found.digest != pinned(model).digest
    with found.verified() as copy:
        assert (copy / "model_index.json").is_file()


def test_the_sheet_shows_pictures_in_their_order(source: Source, tmp_path: Path) -> None:
    asked = prompts(source.grammar, 2, 1)
    pictures = Composites(source).make(asked, lambda _: None)
    draw_sheet(pictures, [prompt.caption for prompt in asked], tmp_path / "sheet" / "sheet.png")
    with Image.open(tmp_path / "sheet" / "sheet.png") as image:
        sheet = np.asarray(image.convert("RGB"))
    enlarged = np.asarray(Image.fromarray(pictures[9]).resize((128, 128), Image.Resampling.LANCZOS))
    height = (sheet.shape[0] - 12) // 2
    found = sheet[12 + height : 12 + height + 128, 12 + 140 : 12 + 140 + 128]
    assert np.array_equal(found[1:-1, 1:-1], enlarged[1:-1, 1:-1])


def test_controls_stand_beside_what_was_made_of_them(sprite_cache: Path, tmp_path: Path) -> None:
    model = tiny_diffusion.pin(tmp_path, control=True) / "text_to_image"
    path = tmp_path / "controls.png"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            command, "prompts", lambda *arguments: [replace(each, caption="a dog") for each in prompts(*arguments)]
        )
        words = ["--model", str(model), "--cache", str(sprite_cache), "--steps", "1", "--control-sheet", str(path)]
        command.main([*words, "--threads", "1"])
    with Image.open(path) as image:
        sheet = np.asarray(image.convert("RGB"))
    assert sheet.shape[1] == 8 * 140 + 12
    drawn = sheet[13:139, 13:139]
    assert np.count_nonzero(drawn.min(axis=2) > 200) > 50
    assert np.array_equal(drawn[..., 0], drawn[..., 2])

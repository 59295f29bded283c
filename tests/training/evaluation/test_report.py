"""Tables and card say what was measured, and nothing that was not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from core.errors import ConfigurationError
from core.weight_folder import PinnedFolder
from generators import cards
from training.card_text_to_image import render
from training.corpora import sprites
from training.evaluation.between import write_between
from training.evaluation.text_to_image import report
from training.evaluation.text_to_image.figures import Closeness, Distances, Evaluation, Mean, RoleBias, Score, Share
from training.evaluation.text_to_image.kernel import Distance
from training.evaluation.text_to_image.tasks import TASKS
from training.harness.export import MADE


def share(hits: int, trials: int = 50) -> Share:
    return Share.of([True] * hits + [False] * (trials - hits))


def evaluation(hits: int = 42, mode: str = "quality", far: float = 0.02) -> Evaluation:
    score = Score(share(hits), share(50), share(3))
    apart = Distances(Distance(far, far / 2, far * 2), Distance(0.0001, -0.001, 0.001), Distance(0.01, 0.009, 0.011))
    close = Closeness(Mean(0.7, 0.69, 0.71), Mean(0.8, 0.79, 0.81), Mean(0.1, 0.09, 0.11))
    role = RoleBias("doctor", 32, share(9, 30), 0.1, (3, 9, 6, 6, 3, 3), (0.15, 0.17, 0.17, 0.17, 0.17, 0.17))
    tasks = dict.fromkeys(TASKS, score)
    return Evaluation("text_to_image", "d" * 64, mode, 50, 1, tasks, apart, close, (share(5), share(50)), (role,))


def weights(folder: Path, digest_of: Evaluation | None = None) -> PinnedFolder:
    (folder / "unet").mkdir(parents=True)
    run = {"recipe": "text_to_image.yaml", "recipe_digest": "sha256:ab", "prior": "balanced", "seed": 4, "steps": 12345}
    run |= {"batch": 32, "seconds": 3600, "device": "cpu"}
    (folder / "unet" / MADE).write_text(json.dumps({"training": run, "measured": {"error": 0.125}}))
    return PinnedFolder("text_to_image", folder, {"unet/config.json": "a" * 64})


def test_an_evaluation_comes_back_from_its_file() -> None:
    written = json.loads(json.dumps(report.values(evaluation())))
    assert TypeAdapter(Evaluation).validate_python(written) == evaluation()
    assert written["tasks"]["colour"]["of_ceiling"] == 0.84
    assert written["tasks"]["colour"]["made"]["value"] == 0.84


def test_tables_show_every_task_beside_both_baselines() -> None:
    text = report.markdown(evaluation())
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    for task in TASKS:
        (row,) = [line for line in rows if line.startswith(f"| {task} |")]
        assert row.count("[") == 3
        assert "| 0.84 [0.71, 0.92] |" in row
        assert row.endswith("| 84% |")
    assert "| KID × 1000, on the judge's features | 20.00 [10.00, 40.00] |" in text
    assert "| doctor | 30/32 | 0.30 [0.17, 0.48] | 0.10 |" in text


def test_what_was_not_measured_is_not_shown() -> None:
    bare = report.markdown(replace(evaluation(), closeness=None, memorised=None, bias=()))
    assert "CLIP" not in bare
    assert "training drawing" not in bare
    assert "Women" not in bare


def test_a_card_takes_an_evaluation_between_its_markers(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    opening, closing = report.markers("fast")
    card.write_text(f"before\n{opening}\nold figures\n{closing}\nafter\n")
    for text in ("new\n", "newer\n"):
        write_between(card, (opening, closing), text)
        assert card.read_text() == f"before\n{opening}\n\n{text}\n{closing}\nafter\n"
    with pytest.raises(ConfigurationError, match="needs one"):
        write_between(card, report.markers("quality"), "text")


def test_the_card_states_what_its_files_say(tmp_path: Path, sprite_cache: Path) -> None:
    folder = weights(tmp_path / "text_to_image")
    both = [replace(each, digest=folder.digest) for each in (evaluation(), evaluation(20, "fast", 0.03))]
    text = render(folder, both, sprites.read(sprite_cache), tmp_path)
    (tmp_path / "card.md").write_text(text)
    card = cards.read(tmp_path / "card.md")
    assert card.licence == "Apache-2.0"
    assert "single object 84%" in card.summary
    assert card.markdown.startswith("# Text to image")
    assert "12,345 steps of 32 scenes in 60 minutes on `cpu`" in text
    assert "error 0.125" in text
    assert "- two objects: 84% of the ceiling, aim 60%: reached." in text
    assert "- few steps: KID 1.50 times the other mode's, aim 1.1: **not reached**." in text
    vocabulary_drawings = text.count("| MIT |")
    assert vocabulary_drawings == 3  # two packages of drawings, one of names
    for mode in ("quality", "fast"):
        opening, closing = report.markers(mode)
        assert text.index(opening) < text.index(closing)


def test_a_card_says_what_was_missed_and_what_was_not_tried(tmp_path: Path, sprite_cache: Path) -> None:
    folder, rows = weights(tmp_path / "text_to_image"), sprites.read(sprite_cache)
    poor = render(folder, [replace(evaluation(20), digest=folder.digest)], rows, tmp_path)
    assert poor.count("**not reached**") == 4
    assert "Not evaluated." in poor
    assert "not been evaluated yet" in render(folder, [], rows, tmp_path)


def test_figures_of_other_weights_are_refused(tmp_path: Path, sprite_cache: Path) -> None:
    folder = weights(tmp_path / "text_to_image")
    with pytest.raises(ConfigurationError, match="evaluated were the weights dddd"):
        render(folder, [evaluation()], sprites.read(sprite_cache), tmp_path)
    own = replace(evaluation(), digest=folder.digest)
    with pytest.raises(ConfigurationError, match="one mode"):
        render(folder, [own, own], sprites.read(sprite_cache), tmp_path)

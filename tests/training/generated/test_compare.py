"""What is measured on pictures that were not seen is of all of them, each once, and stands in a document."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.base import Verdict
from detectors.generated.detector import NAME
from tests.detectors.making import halved
from training.evaluation.detecting.deliveries import AS_IS
from training.evaluation.detecting.normal import SIDE
from training.evaluation.detecting.passes import Pass
from training.generated import arriving, compare, unseen
from training.generated.export import Variant, made_of
from training.generated.features import Figures
from training.generated.fitting import Floats
from training.generated.plan import GeneratedPlan
from training.recipe import read_recipe

RECIPE = Path(__file__).parents[3] / "training" / "recipes" / "detectors" / "generated.yaml"
PLAN = read_recipe(RECIPE, GeneratedPlan, "smoke")


def figures(step: str, rounds: int = 1, shift: float = 6.0) -> Figures:
    """Sixty pictures, every second by one of three sources; generated ones stand out by their first figure."""
    random = np.random.default_rng([rounds, *step.encode()])
    numbers = np.tile(np.arange(60), rounds)
    made = numbers % 2 == 1
    pixels = random.normal(size=(len(numbers), 40)) + shift * made[:, None] * np.eye(40)[0]
    names = np.array([f"picture {number}" for number in numbers])
    sources = np.array([f"{('camera', 'maker')[number % 2]} {number // 2 % 3}" for number in numbers.tolist()])
    generators = np.where(made, sources, "")
    none = np.zeros((len(numbers), 0), np.float32)
    blank = np.full(len(numbers), "")
    return Figures(none, pixels.astype(np.float32), names, made, generators, sources, blank, blank)


@pytest.fixture(scope="module")
def steps() -> dict[str, tuple[Figures, NDArray[np.float32]]]:
    colours = np.full((60, 3), 100, np.float32)
    return {step: (figures(step), colours) for step in (AS_IS, "JPEG 60")}


@pytest.fixture(scope="module")
def passes(steps: dict[str, tuple[Figures, NDArray[np.float32]]]) -> tuple[Pass, ...]:
    learned = figures("learned", rounds=2)
    found = unseen.looks(learned, {step: each for step, (each, _) in steps.items()}, PLAN)
    return unseen.passes(steps, found)


def test_every_picture_is_judged_once_after_every_step(passes: tuple[Pass, ...]) -> None:
    assert [each.step for each in passes] == [AS_IS, "JPEG 60"]
    for each in passes:
        assert sorted(seen.row.name for seen in each.seen) == sorted(f"picture {number}" for number in range(60))
    made = compare.report(passes)
    (found,) = made.evaluations
    assert (found.detector, found.whole.figures.positives, found.whole.figures.negatives) == (NAME, 30, 30)
    assert found.whole.figures.auc.value > 0.9
    assert set(found.generators) == {"maker 0", "maker 1", "maker 2"}
    assert {each.auc.value for each in found.whole.baselines.values()} == {0.5}


def test_who_judges_has_not_seen_the_source(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[set[str]] = []

    def watched(learned: Figures, odds: Mapping[str, Floats], plan: GeneratedPlan) -> Iterator[Variant]:
        shown.append(set(learned.sources[learned.made].tolist()))
        return made_of(learned, odds, plan)

    monkeypatch.setattr("training.generated.unseen.made_of", watched)
    unseen.looks(figures("learned"), {AS_IS: figures(AS_IS)}, PLAN)
    assert [{"maker 0", "maker 1", "maker 2"} - each for each in shown] == [{"maker 0"}, {"maker 1"}, {"maker 2"}]


def test_what_is_unlike_all_that_is_known_has_no_verdict() -> None:
    asked = figures(AS_IS)
    asked.pixels[7, 5] = 1e4
    found = unseen.looks(figures("learned", rounds=2), {AS_IS: asked}, PLAN)
    assert found[AS_IS]["picture 7"][NAME].verdict is Verdict.ABSTAINED


def test_pictures_arrive_in_one_form() -> None:
    picture = halved("stream")
    assert {arriving.arrived(picture, step).shape for step in (AS_IS, "JPEG 60")} == {(SIDE, SIDE, 3)}
    assert arriving.arrived(picture, "three quarters of the size").shape == (SIDE * 3 // 4, SIDE * 3 // 4, 3)


def test_the_command_writes_its_tables_between_their_marks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    steps: dict[str, tuple[Figures, NDArray[np.float32]]],
) -> None:
    document = tmp_path / "page.md"
    document.write_text("before\n<!-- generated table: begin -->\nold\n<!-- generated table: end -->\nafter\n")
    monkeypatch.setattr(compare, "gather", lambda *_: figures("learned", rounds=2))
    monkeypatch.setattr(compare, "arrivals", lambda step, *_: steps[step])
    arguments = [str(RECIPE), "--collection", str(tmp_path), "--profile", "smoke", "--without-tower", "--json"]
    arguments += ["--deliveries", "JPEG 60"]
    monkeypatch.setattr(sys, "argv", ["compare", *arguments, "--write", str(document)])
    compare.main()
    assert json.loads(capsys.readouterr().out)["files"] == {"real": 30, "ai": 30, "manipulated": 0}
    text = document.read_text()
    assert "old" not in text
    assert "| maker 1 |" in text
    assert "what abstaining buys" in text

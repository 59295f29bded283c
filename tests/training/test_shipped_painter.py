"""The text-to-image model that ships: it makes what was asked for, to the judge, and the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from diffusers.utils import logging as diffusers_logging

from core.registry import Registry
from generators import catalog
from generators.base import Generator, Job, Output
from training.judging import judge as judging

ASKED = ("three lemons", "two foxes", "a pizza, flat style", "a strawberry", "a blue car", "a dog")
WANTED = ({"lemon": 3}, {"fox": 2}, {"pizza": 1}, {"strawberry": 1}, {"car": 1}, {"dog": 1})


@pytest.fixture(scope="module")
def painter() -> Generator:
    generators: Registry[Generator] = catalog.build(catalog.WEIGHTS, "cpu")
    return generators.get("text_to_image")


def made(painter: Generator, prompts: tuple[str, ...], seed: int) -> list[Output]:
    jobs = [Job(None, prompt=prompt, seed=seed) for prompt in prompts]
    return painter.generate(jobs, lambda _: None, lambda: False)


def whole(outputs: list[Output], wanted: tuple[dict[str, int], ...]) -> int:
    """How many pictures show what is wanted, and nothing more, to the judge."""
    seen = judging.load().look([output.frame.pixels for output in outputs])
    found = [
        {word: sum(thing.word == word for thing in things) for word in {each.word for each in things}}
        for things in seen
    ]
    return sum(one == other for one, other in zip(found, wanted, strict=True))


def test_most_of_what_is_asked_for_is_made_and_nothing_of_what_others_asked(painter: Generator) -> None:
    outputs = made(painter, ASKED, seed=7)
    assert whole(outputs, WANTED) >= 4
    assert whole(outputs, (*WANTED[1:], WANTED[0])) == 0


def test_the_same_seed_gives_the_same_picture_and_another_another(painter: Generator) -> None:
    first, again, other = (made(painter, ("a pizza",), seed)[0].frame.pixels for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_loading_writes_nothing_between_the_servers_log_lines(capfd: pytest.CaptureFixture[str]) -> None:
    diffusers_logging.enable_progress_bar()
    built = catalog.build(catalog.WEIGHTS, "cpu")
    built.get("text_to_image").batch_key(Job(None, prompt="a pizza"))  # loads it
    assert capfd.readouterr() == ("", "")

"""What is asked was never trained on, and what counts as right is what was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.training.evaluation.knowing import truth
from tests.training.scenes.laws import GRAMMAR, SEEDS
from training.evaluation.text_to_image.makers import Composites
from training.evaluation.text_to_image.tasks import TASKS, Prompt, Seen, holds, prompts
from training.scenes.held_out import held_out
from training.scenes.source import Source

ASKED = prompts(GRAMMAR, 12, 5)
PROMPTS = st.sampled_from(ASKED)


def of_task(task: str) -> list[Prompt]:
    return [prompt for prompt in ASKED if prompt.task == task]


@given(SEEDS)
def test_every_prompt_is_held_out(seed: int) -> None:
    asked = prompts(GRAMMAR, 1, seed)
    assert [prompt.task for prompt in asked] == list(TASKS)
    assert all(held_out(prompt.scene) & TASKS[prompt.task].unseen for prompt in asked)
    assert asked == prompts(GRAMMAR, 2, seed)[::2]


def test_what_was_asked_is_not_asked_again_while_there_is_more() -> None:
    for task in ("two objects", "counting", "position", "attribute binding"):
        assert len({prompt.caption for prompt in of_task(task)}) == 12


def test_what_is_there_counts_as_there(source: Source) -> None:
    for prompt in ASKED:
        _, boxes = Composites(source).compose(prompt)
        assert holds(prompt, truth(prompt.scene, boxes)), prompt.caption


def test_nothing_counts_as_nothing() -> None:
    assert not any(holds(prompt, ()) for prompt in ASKED)


@given(PROMPTS, SEEDS)
def test_it_has_to_be_the_thing_that_was_asked_for(source: Source, prompt: Prompt, seed: int) -> None:
    _, boxes = Composites(replace(source, seed=seed, side=16)).compose(prompt)
    seen = truth(prompt.scene, boxes)
    assert not holds(prompt, [replace(thing, word="nothing of the kind") for thing in seen])


WRONG: Mapping[str, Callable[[Seen], Seen]] = {
    "two objects": lambda seen: [thing for thing in seen if thing.word == seen[0].word],
    "counting": lambda seen: seen[1:],
    "colour": lambda seen: [replace(thing, colour="another") for thing in seen],
    "position": lambda seen: [replace(thing, across=1 - thing.across, down=1 - thing.down) for thing in seen],
    "attribute binding": lambda seen: [
        replace(seen[0], colour=seen[1].colour),
        replace(seen[1], colour=seen[0].colour),
    ],
    "role, gender": lambda seen: [
        replace(thing, gender={"man": "woman", "woman": "man"}[thing.gender]) for thing in seen
    ],
    "role, skin tone": lambda seen: [replace(thing, tone=thing.tone % 5 + 1) for thing in seen],
}


@pytest.mark.parametrize("task", WRONG)
def test_each_task_looks_at_what_it_is_named_for(task: str, source: Source) -> None:
    for prompt in of_task(task):
        _, boxes = Composites(source).compose(prompt)
        assert not holds(prompt, WRONG[task](truth(prompt.scene, boxes))), prompt.caption


def test_one_too_many_is_not_the_count(source: Source) -> None:
    for prompt in of_task("counting"):
        _, boxes = Composites(source).compose(prompt)
        seen = truth(prompt.scene, boxes)
        assert not holds(prompt, (*seen, seen[0]))

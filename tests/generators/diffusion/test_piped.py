"""Pipelines that are no Stable Diffusion: what they have in common works, what they lack is refused."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.errors import Cancelled, IntegrityError, InvalidInput, OutOfMemory
from generators import restoration
from generators.base import Generator, Job
from generators.diffusion.checkpoint import Checkpoint, load
from generators.diffusion.piped import Piped
from tests.generators import tiny_pixart
from tests.generators.diffusion.painting import Watcher, order, paint
from tests.generators.networks import compact, pin
from tests.generators.pictures import media, noise, opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_pixart.build(tmp_path_factory.mktemp("brought") / "transformer")


@pytest.fixture(scope="module")
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Generator:
    networks = [restoration.load(pin(tmp_path_factory.mktemp("upscalers"), "x2", compact(2)), "cpu")]
    told = Checkpoint("transformer", folder, unpinned=True, licence="MIT", device="cpu", max_size=128)
    return load(told, networks)


def test_it_says_what_it_is(model: Generator) -> None:
    assert isinstance(model, Piped)
    assert model.task == "text_to_image"
    assert model.inputs == {"prompt"}
    assert not model.kinds
    assert [(each.name, each.default) for each in model.parameters] == [("size", 64), ("steps", 20), ("guidance", 4.5)]
    assert model.source_type_of({"prompt"}) == "trainedAlgorithmicMedia"


def test_the_same_seed_gives_the_same_file_and_another_another(model: Generator) -> None:
    first, again, other = (model.generate([order(seed=seed)], lambda _: None, lambda: False)[0] for seed in (5, 5, 6))
    assert first.data == again.data != other.data
    assert opened(first).size == (64, 64)


def test_what_is_asked_for_changes_the_picture(model: Generator) -> None:
    pictures = paint(model, order(), order("an apple"), order(negative="blue"), order(guidance=9.0), order(steps=5))
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


def test_a_batch_gives_what_each_gives_alone_in_order(model: Generator) -> None:
    jobs = [order(seed=1), order("an apple", seed=2, size=128), order("a blue apple", seed=3)]
    assert model.batch_key(jobs[0]) == model.batch_key(jobs[2]) != model.batch_key(jobs[1])
    for job, together in zip(jobs, paint(model, *jobs), strict=True):
        assert np.abs(together.astype(int) - paint(model, job)[0]).max() <= 1


def test_progress_and_cancelling(model: Generator) -> None:
    watcher = Watcher()
    model.generate([order()], watcher.heard.append, watcher.gone)
    assert watcher.heard == sorted(watcher.heard)
    assert watcher.heard[-1] == 1.0
    assert len(watcher.heard) == 5
    leaving = Watcher(after=2)
    with pytest.raises(Cancelled):
        model.generate([order()], leaving.heard.append, leaving.gone)
    assert len(leaving.heard) == 2


@pytest.mark.parametrize(
    ("job", "field", "limit"),
    [
        (order(""), "prompt", "one visible character or more"),
        (order("a\x00"), "prompt", "no control characters"),
        (order("dog " * 200), "prompt", "300 tokens"),
        (order(negative="dog " * 200), "negative_prompt", "300 tokens"),
        (order(source=media(noise(64, 64))), "source", "none"),
        (order(control=media(noise(64, 64))), "control", "none"),
        (order(size=256), "parameters.size", "one of 64, 128"),
        (order(steps=51), "parameters.steps", "an integer from 1 up to 50"),
        (replace(order(), parameters={"scheduler": "euler"}), "parameters.scheduler", "one of size, steps, guidance"),
    ],
)
def test_what_it_cannot_do_is_refused_before_any_work(model: Generator, job: Job, field: str, limit: str) -> None:
    watcher = Watcher()
    with pytest.raises(InvalidInput) as refusal:
        model.generate([order(), job], watcher.heard.append, watcher.gone)
    assert (refusal.value.field, refusal.value.limit) == (field, limit)
    assert watcher.heard == []


def test_memory_that_runs_out(model: Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(model, Piped)

    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with monkeypatch.context() as patched:
        patched.setattr(model._pipeline.transformer, "forward", full)
        with pytest.raises(OutOfMemory):
            paint(model, order())
    assert len(paint(model, order())) == 1


def test_a_damaged_part_is_refused_by_the_models_name(folder: Path, tmp_path: Path) -> None:
    spoilt = Path(shutil.copytree(folder, tmp_path / "spoilt"))
    (spoilt / "transformer/config.json").write_text("{")
    with pytest.raises(IntegrityError, match="transformer"):
        load(Checkpoint("transformer", spoilt, unpinned=True, licence="MIT", device="cpu"))

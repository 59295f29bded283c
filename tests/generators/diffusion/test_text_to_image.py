"""Making: the same seed, the same picture; batches; previews; cancelling; sizes; what is reported."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.errors import Cancelled, InvalidInput
from core.media import Kind
from generators import parameters
from generators.diffusion.schedulers import SCHEDULERS
from generators.diffusion.text_to_image import TextToImage
from tests.generators.diffusion.painting import STEPS, Watcher, order, outputs, paint, watched
from tests.generators.pictures import media, noise, opened


def test_it_says_what_it_is(painter: TextToImage) -> None:
    assert (painter.name, painter.task) == ("text_to_image", "text_to_image")
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", painter.version)
    assert painter.kinds == {Kind.IMAGE}
    assert painter.inputs == {"prompt", "source", "mask", "control"}
    assert painter.source_type_of({"prompt", "control"}) == painter.source_type == "trainedAlgorithmicMedia"
    assert painter.source_type_of({"prompt", "source", "mask"}) == "compositeWithTrainedAlgorithmicMedia"


def test_its_defaults_are_allowed_by_its_own_declarations(painter: TextToImage) -> None:
    defaults = {parameter.name: parameter.default for parameter in painter.parameters}
    assert parameters.complete(painter.parameters, {}) == defaults


def test_what_a_folder_lacks_is_not_offered(painter: TextToImage, plain: TextToImage) -> None:
    names = {parameter.name for parameter in painter.parameters} - {parameter.name for parameter in plain.parameters}
    assert names == {"mode", "control_scale"}
    assert plain.parameters[0].choices == (64,)
    assert plain.inputs == {"prompt", "source", "mask"}
    assert plain.version != painter.version


def test_the_output_is_a_png_of_the_picture(painter: TextToImage) -> None:
    (output,) = outputs(painter, order())
    image = opened(output)
    assert (output.mime, image.format, image.mode) == ("image/png", "PNG", "RGB")
    assert np.array_equal(np.asarray(image), output.frame.pixels)


def test_the_same_seed_gives_the_same_file_and_another_another(painter: TextToImage) -> None:
    first, again, other = (outputs(painter, order(seed=seed))[0].data for seed in (5, 5, 6))
    assert first == again != other


@pytest.mark.parametrize("seed", [0, -1, 2**53 - 1, -(2**53) + 1])
def test_every_seed_that_can_be_recorded_is_one(painter: TextToImage, seed: int) -> None:
    assert len(paint(painter, order(seed=seed))) == 1


def test_everything_that_is_asked_for_changes_the_picture(painter: TextToImage) -> None:
    pictures = paint(
        painter,
        order(),
        order("a blue apple"),
        order("a (red:1.8) dog"),
        order(negative="blue"),
        order(guidance=9.0),
        order(guidance=1.0),
        order(steps=5),
        order(scheduler="euler"),
        order(mode="fast"),
        order(mode="fast", guidance=2.0),
        order(control=media(noise(64, 64))),
        order(control=media(noise(64, 64)), control_scale=0.3),
    )
    assert len({picture.tobytes() for picture in pictures}) == len(pictures)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_every_scheduler_makes_pictures_to_the_end(painter: TextToImage, scheduler: str) -> None:
    made, again = paint(painter, order(scheduler=scheduler), order(scheduler=scheduler))
    assert made.std() > 1
    assert np.abs(made.astype(int) - again).max() <= 1


def test_a_batch_gives_what_each_gives_alone(painter: TextToImage) -> None:
    jobs = [order(seed=1), order("a blue apple", seed=2, negative="dog"), order("three (big:1.4) dogs", seed=3)]
    assert len({painter.batch_key(job) for job in jobs}) == 1
    for job, together in zip(jobs, paint(painter, *jobs), strict=True):
        (alone,) = paint(painter, job)
        assert np.abs(together.astype(int) - alone).max() <= 1


def test_jobs_that_do_not_go_together_have_other_keys(painter: TextToImage) -> None:
    picture = media(noise(64, 64))
    jobs = [
        order(),
        order(size=128),
        order(steps=5),
        order(guidance=3.0),
        order(scheduler="ddim"),
        order(mode="fast"),
        order(source=picture),
        order(source=picture, strength=0.9),
        order(control=picture),
    ]
    assert len({painter.batch_key(job) for job in jobs}) == len(jobs)
    assert painter.batch_key(order(strength=0.3)) == painter.batch_key(order("another", seed=1, control_scale=0.5))


def test_jobs_of_any_settings_are_answered_in_order(painter: TextToImage) -> None:
    jobs = [order(seed=1), order(seed=2, size=128), order(seed=3), order(seed=4, mode="fast", steps=2)]
    made = paint(painter, *jobs)
    assert [picture.shape[0] for picture in made] == [64, 128, 64, 64]
    assert [picture.tobytes() for picture in made[1::2]] == [paint(painter, job)[0].tobytes() for job in jobs[1::2]]


def test_threads_do_not_meet(painter: TextToImage) -> None:
    jobs = [order(seed=seed, scheduler=name) for seed, name in enumerate(SCHEDULERS)]
    alone = [paint(painter, job)[0].astype(int) for job in jobs]
    with ThreadPoolExecutor(len(jobs)) as threads:
        together = list(threads.map(lambda job: paint(painter, job)[0].astype(int), jobs))
    # A busy machine gives each product fewer threads, which add up in another order.
    assert all(np.abs(one - other).max() <= 1 for one, other in zip(alone, together, strict=True))
    assert all(np.abs(one - other).max() > 1 for one, other in zip(alone, together[1:], strict=False))


def test_an_empty_batch_is_no_work(painter: TextToImage) -> None:
    assert outputs(painter) == []


@pytest.mark.parametrize("size", [64, 128, 256, 512])
def test_sizes_above_the_models_own_are_enlarged_from_it(painter: TextToImage, size: int) -> None:
    (made,) = paint(painter, order(size=size))
    assert made.shape == (size, size, 3)


def test_progress_never_falls_is_told_of_every_step_and_ends_at_one(painter: TextToImage) -> None:
    watcher = Watcher()
    painter.generate([order(size=512), order(seed=2), order(seed=3)], watcher.heard.append, watcher.gone)
    assert watcher.heard == sorted(watcher.heard)
    assert len(watcher.heard) > 2 * STEPS
    assert 0.0 < watcher.heard[0] < 0.2
    assert watcher.heard[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("after", range(STEPS + 1))
def test_cancelling_stops_before_the_next_step_and_before_the_decoder(painter: TextToImage, after: int) -> None:
    watcher = Watcher(after)
    with pytest.raises(Cancelled):
        painter.generate([order()], watcher.heard.append, watcher.gone)
    assert len(watcher.heard) == after  # the decoder's own report never came


@pytest.mark.parametrize(
    ("steps", "mode", "count"), [(20, "quality", 4), (8, "quality", 3), (4, "fast", 3), (1, "fast", 0)]
)
def test_a_handful_of_previews_comes_before_the_end(painter: TextToImage, steps: int, mode: str, count: int) -> None:
    watcher = Watcher()
    work = order(steps=steps, mode=mode)
    painter.generate([watched(work, watcher)], watcher.heard.append, watcher.gone)
    assert len(watcher.seen) == count
    assert all(frame.pixels.shape == (64, 64, 3) for frame in watcher.seen)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_previews_come_nearer_to_the_output(painter: TextToImage, scheduler: str) -> None:
    watcher = Watcher()
    work = watched(order(steps=20, scheduler=scheduler), watcher)
    (output,) = painter.generate([work], watcher.heard.append, watcher.gone)
    first, *_, last = (np.abs(frame.pixels.astype(int) - output.frame.pixels).mean() for frame in watcher.seen)
    assert last < first


def test_only_who_asked_is_shown_previews_and_only_its_own(painter: TextToImage) -> None:
    first, third, alone = Watcher(), Watcher(), Watcher()
    jobs = [watched(order(seed=1), first), order(seed=2), watched(order(seed=3), third)]
    painter.generate(jobs, lambda _: None, lambda: False)
    painter.generate([watched(order(seed=3), alone)], lambda _: None, lambda: False)
    assert len(first.seen) == len(third.seen) == len(alone.seen) == 3
    for shown, expected in zip(third.seen, alone.seen, strict=True):
        assert np.abs(shown.pixels.astype(int) - expected.pixels).max() <= 1
    assert not np.array_equal(first.seen[0].pixels, third.seen[0].pixels)


def test_the_nearest_training_picture_is_reported(painter: TextToImage, plain: TextToImage) -> None:
    notes = outputs(painter, order())[0].notes
    assert notes["nearest_training_item"] in {"noise:1", "noise:2"}
    assert -1 <= float(notes["nearest_similarity"]) <= 1
    assert notes["memorised"] in {0, 1}
    assert outputs(plain, order())[0].notes == {}


def test_one_bad_job_refuses_the_batch_before_any_work(painter: TextToImage) -> None:
    watcher = Watcher()
    with pytest.raises(InvalidInput):
        painter.generate([order(), order("")], watcher.heard.append, watcher.gone)
    assert watcher.heard == []

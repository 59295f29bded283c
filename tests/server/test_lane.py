"""The generators' lane: jobs that go together are made together, and none suffers for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from core.errors import InvalidInput, OutOfMemory, Unavailable
from generators.base import Job, Output
from server.engine.local import LocalEngine
from server.metrics import Metrics
from tests.server.painters import STEPS, Studio


@pytest_asyncio.fixture
async def engine() -> AsyncIterator[LocalEngine]:
    made = LocalEngine([], Metrics(), max_pending=8, max_batch=3)
    yield made
    await made.close()


def job(prompt: str, seed: int = 0, grey: int = 100) -> Job:
    return Job(None, {"grey": grey}, prompt, seed=seed)


def heard_by(engine: LocalEngine, studio: Studio, wanted: Job) -> tuple[asyncio.Task[Output], list[float]]:
    """A job on its way, and what it is told of its progress."""
    heard: list[float] = []
    return asyncio.create_task(engine.generate(studio, wanted, heard.append)), heard


async def together(engine: LocalEngine, studio: Studio, *jobs: Job) -> list[Output | BaseException]:
    """What becomes of jobs that come while another one is made."""
    studio.hold.clear()
    first, _ = heard_by(engine, studio, job("first", grey=1))
    await asyncio.to_thread(studio.started.wait, 10)
    waiting = [asyncio.create_task(engine.generate(studio, each, lambda _: None)) for each in jobs]
    while engine.waiting < sum(each.prompt != "impossible" for each in jobs):
        await asyncio.sleep(0.005)
    studio.hold.set()
    await first
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_jobs_that_go_together_are_made_by_one_call_each_with_its_own_seed(engine: LocalEngine) -> None:
    studio = Studio()
    made = await together(engine, studio, job("a wall", 3), job("a field", 9))
    assert studio.batches == [["first"], ["a wall", "a field"]]
    greys = [int(each.frame.pixels[0, 0, 0]) for each in made if isinstance(each, Output)]
    assert greys == [103, 109]


async def test_batches_are_bounded_and_others_keep_their_turn(engine: LocalEngine) -> None:
    studio = Studio()
    jobs = [job("a"), job("other", grey=7), job("b"), job("c"), job("d")]
    await together(engine, studio, *jobs)
    assert studio.batches == [["first"], ["a", "b", "c"], ["other"], ["d"]]


async def test_a_job_that_cannot_be_made_never_joins_others(engine: LocalEngine) -> None:
    studio = Studio()
    made = await together(engine, studio, job("a wall"), job("impossible"), job("a field"))
    assert studio.batches == [["first"], ["a wall", "a field"]]
    assert [type(each) for each in made] == [Output, InvalidInput, Output]


@pytest.mark.parametrize(("prompt", "error"), [("broken", RuntimeError), ("huge", OutOfMemory)])
async def test_a_job_that_fails_in_the_making_costs_its_mates_nothing(
    engine: LocalEngine, prompt: str, error: type[Exception]
) -> None:
    made = await together(engine, Studio(), job("a wall"), job(prompt), job("a field"))
    assert [type(each) for each in made] == [Output, error, Output]


async def test_what_does_not_fit_into_memory_together_is_made_one_by_one(engine: LocalEngine) -> None:
    studio = Studio()
    made = await together(engine, studio, job("large"), job("a field"))
    assert studio.batches == [["first"], ["large", "a field"], ["large"], ["a field"]]
    assert all(isinstance(each, Output) for each in made)


async def test_too_little_memory_is_a_limit_and_the_engine_lives(engine: LocalEngine) -> None:
    with pytest.raises(OutOfMemory) as caught:
        await engine.generate(Studio(), job("huge"), lambda _: None)
    assert caught.value.field == "memory"
    assert isinstance(await engine.generate(Studio(), job("a wall"), lambda _: None), Output)


async def test_progress_reaches_each_and_never_falls(engine: LocalEngine) -> None:
    studio = Studio()
    studio.hold.clear()
    first, alone = heard_by(engine, studio, job("first", grey=1))
    await asyncio.to_thread(studio.started.wait, 10)
    ones = [heard_by(engine, studio, job(prompt)) for prompt in ("large", "a field")]
    while engine.waiting < len(ones):
        await asyncio.sleep(0.005)
    studio.hold.set()
    await asyncio.gather(first, *(task for task, _ in ones))
    for heard in (alone, *(each for _, each in ones)):
        assert heard == sorted(heard)
        assert heard == [step / STEPS for step in range(1, STEPS + 1)]


async def test_whoever_leaves_a_batch_stops_nobody_elses_work(engine: LocalEngine) -> None:
    leaving: list[asyncio.Task[Output]] = []
    loop = asyncio.get_running_loop()

    def leave(step: int) -> None:
        if step == 2:
            loop.call_soon_threadsafe(leaving[0].cancel)

    studio = Studio(leave)
    first, staying = (asyncio.create_task(engine.generate(studio, job(name), lambda _: None)) for name in "ab")
    leaving.append(first)
    assert isinstance(await staying, Output)
    assert first.cancelled()
    assert studio.batches == [["a", "b"]]
    assert not studio.stopped.is_set()


async def test_work_stops_between_steps_once_everybody_left(engine: LocalEngine) -> None:
    studio = Studio()
    studio.hold.clear()
    both = [asyncio.create_task(engine.generate(studio, job(name), lambda _: None)) for name in "ab"]
    await asyncio.to_thread(studio.started.wait, 10)
    for each in both:
        each.cancel()
    await asyncio.gather(*both, return_exceptions=True)
    studio.hold.set()
    assert await asyncio.to_thread(studio.stopped.wait, 10)
    assert studio.decoded == 0


async def test_who_left_before_its_turn_is_never_made(engine: LocalEngine) -> None:
    studio = Studio()
    studio.hold.clear()
    first, _ = heard_by(engine, studio, job("first", grey=1))
    await asyncio.to_thread(studio.started.wait, 10)
    left, _ = heard_by(engine, studio, job("left"))
    while not engine.waiting:
        await asyncio.sleep(0.005)
    left.cancel()
    studio.hold.set()
    await first
    await engine.generate(studio, job("last"), lambda _: None)
    assert studio.batches == [["first"], ["last"]]


async def test_one_more_than_may_wait_is_told_to_come_back(engine: LocalEngine) -> None:
    studio = Studio()
    studio.hold.clear()
    waiting = [asyncio.create_task(engine.generate(studio, job(str(n)), lambda _: None)) for n in range(8)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await engine.generate(studio, job("one more"), lambda _: None)
    studio.hold.set()
    await asyncio.gather(*waiting)

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.errors import Unavailable
from server.engine.batcher import Batcher


class Gate:
    """Work that waits until it is let through, and remembers its batches."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.batches: list[list[int]] = []

    def __call__(self, batch: Sequence[int]) -> list[int]:
        self.batches.append(list(batch))
        self.open.wait(5)
        return [item * 10 for item in batch]


@pytest.fixture
async def pool() -> AsyncIterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as executor:
        yield executor


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_lone_item_leaves_at_once(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    batcher = Batcher(gate, pool)
    task = asyncio.create_task(batcher.submit(1))
    await until(lambda: gate.batches == [[1]])
    gate.open.set()
    assert await task == 10


async def test_those_who_wait_leave_together_and_get_their_own_results(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    batcher = Batcher(gate, pool, max_batch=3)
    tasks = [asyncio.create_task(batcher.submit(item)) for item in range(6)]
    await until(lambda: len(gate.batches) == 1)
    gate.open.set()
    assert await asyncio.gather(*tasks) == [0, 10, 20, 30, 40, 50]
    assert gate.batches == [[0], [1, 2, 3], [4, 5]]


async def test_free_lanes_share_before_batches_grow(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    batcher = Batcher(gate, pool, lanes=2)
    tasks = [asyncio.create_task(batcher.submit(item)) for item in range(2)]
    await until(lambda: sorted(gate.batches) == [[0], [1]])
    gate.open.set()
    await asyncio.gather(*tasks)


async def test_a_cancelled_waiter_is_never_worked_on(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    batcher = Batcher(gate, pool)
    first = asyncio.create_task(batcher.submit(1))
    second = asyncio.create_task(batcher.submit(2))
    third = asyncio.create_task(batcher.submit(3))
    await until(lambda: gate.batches == [[1]])
    second.cancel()
    await asyncio.sleep(0)
    gate.open.set()
    assert await first == 10
    assert await third == 30
    assert gate.batches == [[1], [3]]


async def test_a_full_queue_says_when_to_come_back(pool: ThreadPoolExecutor) -> None:
    gate = Gate()
    batcher = Batcher(gate, pool, max_pending=1)
    tasks = [asyncio.create_task(batcher.submit(item)) for item in (1, 2)]
    await until(lambda: gate.batches == [[1]])
    with pytest.raises(Unavailable) as caught:
        await batcher.submit(3)
    assert caught.value.retry_after > 0
    gate.open.set()
    await asyncio.gather(*tasks)


async def test_an_error_reaches_its_batch_and_the_next_batch_goes_on(pool: ThreadPoolExecutor) -> None:
    def work(batch: Sequence[int]) -> list[int]:
        if 13 in batch:
            raise ValueError("13")
        return list(batch)

    batcher = Batcher(work, pool)
    with pytest.raises(ValueError, match="13"):
        await batcher.submit(13)
    assert await batcher.submit(14) == 14
    await batcher.drain()

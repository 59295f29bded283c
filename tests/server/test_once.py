from __future__ import annotations

import asyncio

import pytest

from server.once import Once


async def test_the_same_key_is_held_by_one_at_a_time_and_other_keys_go_on() -> None:
    once = Once()
    inside: list[str] = []
    most = 0

    async def visit(key: str) -> None:
        nonlocal most
        async with once.hold(key):
            inside.append(key)
            most = max(most, inside.count(key))
            await asyncio.sleep(0.001)
            inside.remove(key)

    await asyncio.gather(*(visit(key) for key in "ababababab"))
    assert most == 1


async def test_nothing_is_kept_after_errors_and_cancellation() -> None:
    once = Once()

    async def fail() -> None:
        async with once.hold("k"):
            await asyncio.sleep(0.01)
            raise ValueError

    async def wait() -> None:
        async with once.hold("k"):
            pass

    failing, waiting, cancelled = (asyncio.create_task(work()) for work in (fail, wait, wait))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(ValueError):  # noqa: PT011 - raised without a message three lines above
        await failing
    await waiting
    assert once._locks == {}

"""Large copies leave the loop free, and never outlive the descriptors that they use."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import numpy as np
import pytest
from PIL import Image

from core.sandbox import Sandbox
from core.sandbox.channel import heavy
from core.sandbox.memory import memory_file
from tests.core.files import save, scene

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGE = 1 << 21


async def test_small_work_stays_in_the_loops_thread() -> None:
    assert await heavy(1, threading.current_thread) is threading.current_thread()


async def test_large_work_leaves_it() -> None:
    assert await heavy(LARGE, threading.current_thread) is not threading.current_thread()
    with pytest.raises(ZeroDivisionError):
        await heavy(LARGE, divmod, 1, 0)


async def test_cancelled_twice_it_still_waits_for_its_thread() -> None:
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        time.sleep(0.2)
        ended.set()
        raise ValueError("nobody is left to hear this")

    task = asyncio.create_task(heavy(LARGE, work))
    while not begun.is_set():
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_large_picture_crosses_unchanged(sandbox: Sandbox) -> None:
    picture = scene(1600, 1200)
    data = save(Image.fromarray(picture), "image/bmp")
    assert len(data) > LARGE
    media = await sandbox.open(data)
    assert np.array_equal(media.frames()[0].pixels, picture)
    assert media.frames()[0].pixels.flags.writeable


async def test_cancelling_large_openings_harms_nothing(sandbox: Sandbox) -> None:
    data = save(Image.fromarray(scene(1600, 1200)), "image/bmp")
    for delay in (0.0, 0.002, 0.005, 0.01, 0.02):
        task = asyncio.create_task(sandbox.open(data))
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert (await sandbox.open(data)).width == 1600


async def test_a_memory_file_is_closed_whatever_happens() -> None:
    with pytest.raises(ValueError, match="why"), memory_file("test") as descriptor:
        raise ValueError("why")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)

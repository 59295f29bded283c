from __future__ import annotations

import asyncio

import pytest

from core.errors import LimitExceeded, Unavailable
from server.admission import ByteBudget, Room, Seats


async def test_no_more_are_inside_than_there_are_places() -> None:
    room = Room(places=2, max_waiting=10)
    inside = most = 0

    async def visit() -> None:
        nonlocal inside, most
        async with room.enter():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(12)))
    assert most == 2


async def test_too_long_a_queue_is_told_to_come_back() -> None:
    room = Room(places=1, max_waiting=1)
    leave = asyncio.Event()

    async def stay() -> None:
        async with room.enter():
            await leave.wait()

    tasks = [asyncio.create_task(stay()) for _ in range(2)]
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        async with room.enter():
            pass
    leave.set()
    await asyncio.gather(*tasks)
    async with room.enter():
        pass


async def test_a_waiter_who_leaves_gives_up_nothing_but_its_own_wait() -> None:
    room = Room(places=1, max_waiting=5)
    leave = asyncio.Event()

    async def stay() -> None:
        async with room.enter():
            await leave.wait()

    first, second, third = (asyncio.create_task(stay()) for _ in range(3))
    await asyncio.sleep(0.01)
    second.cancel()
    leave.set()
    await asyncio.wait_for(asyncio.gather(first, third), 5)
    await asyncio.wait_for(asyncio.create_task(stay()), 5)


def test_bytes_are_counted_while_they_are_held() -> None:
    budget = ByteBudget(100)
    with budget.hold(60):
        with pytest.raises(Unavailable), budget.hold(41):
            pass
        with budget.hold(40):
            pass
    with budget.hold(100):
        pass


def test_bytes_that_are_added_are_counted_until_the_block_ends() -> None:
    budget = ByteBudget(100)
    with budget.hold(10) as add:
        add(50)
        with pytest.raises(Unavailable), budget.hold(41):
            pass
        with pytest.raises(Unavailable):
            add(41)
        add(40)
    with budget.hold(100):
        pass


def test_no_tenant_takes_every_seat() -> None:
    seats = Seats(total=3, each=2)
    with seats.take("acme"), seats.take("acme"):
        with pytest.raises(LimitExceeded), seats.take("acme"):
            pass
        with seats.take("other"), pytest.raises(Unavailable), seats.take("third"):
            pass
    with seats.take("acme"), seats.take("acme"), seats.take("third"):
        pass


def test_a_seat_is_given_back_whatever_happens() -> None:
    seats = Seats(total=1, each=1)
    for _ in range(2):
        with pytest.raises(ValueError, match="gone"), seats.take("acme"):
            raise ValueError("gone")

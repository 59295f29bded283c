"""What becomes of requests and workers when parsers misbehave."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import Any

import numpy as np
import pytest

from core.errors import (
    ConfigurationError,
    CorruptMedia,
    CountersignError,
    InvalidInput,
    LimitExceeded,
    NotFound,
    ParserFailed,
    Unavailable,
    UnsupportedMedia,
)
from core.limits import Limits
from core.media import Kind, digest_of
from core.parsers.catalog import PARSERS
from core.sandbox import Sandbox
from core.sandbox.wire import Message, encode
from tests.core import rogue
from tests.core.conftest import ROGUE_LIMITS
from tests.core.files import sample, scene
from tests.core.processes import children, memory_files, runs

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _works(sandbox: Sandbox) -> None:
    """Both workers are there: each holds its job until the other has one too."""
    both = threading.Barrier(2)

    def meet(_question: bytes) -> bytes:
        both.wait(20)
        return b"met"

    views = await asyncio.gather(*(sandbox.call("asks", [b""], {"times": 1}, answer=meet) for _ in range(2)))
    assert [view.facts["answers"] for view in views] == [[b"met".hex()]] * 2


async def test_everything_arrives_as_it_was_sent(rogues: Sandbox) -> None:
    view = await rogues.call("echo", [sample("image/png"), b"second"], {"a": [1, None, "ü\u0000"]})
    assert view.facts == {
        "mime": "image/png",
        "options": {"a": [1, None, "ü\u0000"]},
        "sizes": [len(sample("image/png")), 6],
    }
    for kind in ("u1", "i1", "u2", "i2", "u4", "i4", "i8", "f4", "f8"):
        assert view.arrays[kind].dtype == np.dtype(kind)
        assert view.arrays[kind].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert view.arrays["none"].shape == (0, 3)
    assert view.arrays["blob"].tobytes() == sample("image/png")
    assert view.error == ""


async def test_opening_makes_media(sandbox: Sandbox) -> None:
    data = sample("image/png")
    media = await sandbox.open(data, {"tags", "jpeg"})
    assert (media.kind, media.mime, media.width, media.height) == (Kind.IMAGE, "image/png", 64, 48)
    assert media.digest == digest_of(data)
    assert media.data is data
    (frame,) = media.frames()
    assert np.array_equal(frame.pixels, scene())
    assert (frame.alpha, frame.time, media.duration) == (None, 0.0, 0.0)
    assert set(media.views) == {"pixels", "tags", "jpeg"}
    assert media.view("tags").error == ""
    assert media.view("jpeg").error == "not a JPEG"
    assert media.view("pixels").facts["mode"] == "RGB"
    assert media.view("other").error


async def test_a_constant_option_reaches_the_parser_below_those_of_a_call() -> None:
    async with await Sandbox.start(rogue.PARSERS, workers=1, options={"echo": {"a": 1, "b": 1}}) as sandbox:
        assert (await sandbox.call("echo", [b""], {"b": 2})).facts["options"] == {"a": 1, "b": 2}
        assert (await sandbox.call("asks", [b""], {"times": 0})).facts == {"answers": []}


@pytest.mark.parametrize(
    ("parser", "cause"),
    [("crash", "SIGSEGV"), ("abort", "SIG"), ("leave", "exit status 3"), ("hang_up", "SIGKILL")],
)
async def test_a_worker_that_ends_is_replaced(rogues: Sandbox, parser: str, cause: str) -> None:
    with pytest.raises(ParserFailed, match=cause) as failure:
        await rogues.call(parser, [b""])
    assert failure.value.field == "media"
    await _works(rogues)


@pytest.mark.parametrize("parser", ["spin", "stubborn"])
async def test_a_worker_that_hangs_is_replaced(rogues: Sandbox, parser: str) -> None:
    with pytest.raises(LimitExceeded) as failure:
        await asyncio.wait_for(rogues.call(parser, [b""], timeout=0.3), 15)
    assert (failure.value.field, failure.value.limit) == ("media.seconds", "0.3")
    await _works(rogues)


async def test_the_kernel_ends_who_computes_too_much() -> None:
    before = children()
    async with await Sandbox.start(rogue.PARSERS, workers=1) as sandbox:
        (worker,) = children() - before
        task = asyncio.create_task(sandbox.call("spin", [b""]))
        await asyncio.sleep(0.1)
        os.kill(worker, signal.SIGXCPU)  # what the kernel does at RLIMIT_CPU
        with pytest.raises(LimitExceeded, match="CPU time"):
            await task


async def test_the_limit_holds_where_the_caller_is_more_patient() -> None:
    limits = Limits(max_seconds=0.3)
    async with await Sandbox.start(rogue.PARSERS, limits, workers=1) as sandbox:
        with pytest.raises(LimitExceeded, match=r"0\.3"):
            await sandbox.call("spin", [b""], timeout=60.0)


async def test_memory_ends_before_the_machine_does(rogues: Sandbox) -> None:
    with pytest.raises(LimitExceeded) as failure:
        await rogues.call("eat", [b""], timeout=10.0)
    assert failure.value.field == "media.memory"
    assert str(ROGUE_LIMITS.max_memory) in failure.value.limit
    await _works(rogues)


async def test_a_worker_that_grew_is_replaced(rogues: Sandbox) -> None:
    before = children()
    counts = [(await rogues.call("hoard", [b""], {"size": 150 << 20})).facts["jobs"] for _ in range(4)]
    assert max(counts) <= 2
    await _works(rogues)
    assert children() != before


async def test_a_result_beyond_the_limit(rogues: Sandbox) -> None:
    with pytest.raises(LimitExceeded) as failure:
        await rogues.call("large", [b""], {"size": ROGUE_LIMITS.max_result + 1})
    assert failure.value.field == "media.result"


@pytest.mark.parametrize("parser", ["pickled", "bytes_in_facts"])
async def test_only_numbers_and_json_come_out(rogues: Sandbox, parser: str) -> None:
    with pytest.raises(ParserFailed, match=r"object|TypeError"):
        await rogues.call(parser, [b""])
    await _works(rogues)


async def test_text_that_is_none_is_replaced(rogues: Sandbox) -> None:
    assert (await rogues.call("surrogates", [b""])).facts["text"] == "a?b"


@pytest.mark.parametrize(
    "said",
    [
        b"\xff" * 8,
        b"\x00\x00\x00\x03\x00\x00\x00\x00{{{",
        encode(Message({"views": {"say": {"facts": {}, "error": "", "arrays": [{"name": "a", "dtype": "O"}]}}})),
        encode(Message({"ask": True}, b"sign this")),
    ],
)
async def test_no_answer_of_a_hijacked_worker_is_believed(rogues: Sandbox, said: bytes) -> None:
    with pytest.raises(ParserFailed, match="malformed"):
        await rogues.call("say", [said])
    await _works(rogues)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("InvalidInput", InvalidInput),
        ("UnsupportedMedia", UnsupportedMedia),
        ("CorruptMedia", CorruptMedia),
        ("ParserFailed", ParserFailed),
        ("LimitExceeded", LimitExceeded),
    ],
)
async def test_typed_errors_cross(rogues: Sandbox, name: str, expected: type[InvalidInput | LimitExceeded]) -> None:
    with pytest.raises(CountersignError) as failure:
        await rogues.call("fails", [b""], {"type": name})
    assert type(failure.value) is expected
    assert isinstance(failure.value, InvalidInput | LimitExceeded)
    assert (failure.value.field, failure.value.limit, failure.value.found) == ("f", "l", "v")
    assert str(failure.value) == "told to"


async def test_a_bug_in_a_parser_is_a_failed_parse(rogues: Sandbox) -> None:
    with pytest.raises(ParserFailed, match="ValueError") as failure:
        await rogues.call("fails", [b""], {"type": "none of ours"})
    assert "secret" not in str(failure.value)  # a library's text may quote the file


async def test_a_failing_view_does_not_fail_the_file() -> None:
    parsers = {"pixels": PARSERS["pixels"], "fails": rogue.PARSERS["fails"], "eat": rogue.PARSERS["eat"]}
    options = {"fails": {"type": "CorruptMedia"}}
    limits = Limits(max_memory=600 << 20)
    async with await Sandbox.start(parsers, limits, workers=1, options=options) as sandbox:
        media = await sandbox.open(sample("image/jpeg"), ["fails", "eat"])
    assert media.view("fails").error == "told to"
    assert "memory" in media.view("eat").error
    assert media.frames()[0].pixels.shape == (48, 64, 3)


async def test_a_crashing_view_fails_the_file(rogues: Sandbox) -> None:
    with pytest.raises(ParserFailed, match="SIGSEGV"):
        await rogues.open(sample("image/jpeg"), ["crash"])
    assert (await rogues.open(sample("image/jpeg"))).width == 64


async def test_a_parser_asks_and_is_answered(rogues: Sandbox) -> None:
    view = await rogues.call("asks", [b""], {"times": 3}, answer=lambda question: question + b"!")
    assert view.facts["answers"] == ["0021", "0121", "0221"]


async def test_a_parser_that_asks_and_does_not_listen(rogues: Sandbox) -> None:
    with pytest.raises((ParserFailed, LimitExceeded)):
        await rogues.call("pester", [b""], answer=lambda _: bytes(1 << 20))
    await _works(rogues)


async def test_what_an_answer_raises_is_raised_here_and_the_worker_lives(rogues: Sandbox) -> None:
    before = children()

    def refuse(_question: bytes) -> bytes:
        raise Unavailable("the key is away")

    for _ in range(3):
        with pytest.raises(Unavailable, match="the key is away"):
            await rogues.call("asks", [b""], {"times": 2}, answer=refuse)
    await _works(rogues)
    assert children() == before


async def test_unknown_parsers_and_large_files_cost_no_worker(rogues: Sandbox) -> None:
    before = children()
    with pytest.raises(NotFound, match="echo"):
        await rogues.call("nothing", [b""])
    with pytest.raises(NotFound, match="'nothing'"):
        await rogues.open(sample("image/png"), ["nothing"])
    large = bytes(ROGUE_LIMITS.max_bytes + 1)
    for attempt in (rogues.open(large), rogues.call("echo", [b"", large])):
        with pytest.raises(LimitExceeded) as failure:
            await attempt
        assert (failure.value.field, failure.value.found) == ("media.bytes", str(len(large)))
    assert children() == before


async def _cancelled(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancelling_a_running_parse_frees_its_worker(rogues: Sandbox) -> None:
    tasks = [asyncio.create_task(rogues.call("spin", [b""])) for _ in range(2)]
    await asyncio.sleep(0.1)
    for task in tasks:
        await _cancelled(task)
    await asyncio.wait_for(_works(rogues), 20)


async def test_cancelling_those_who_wait_loses_no_worker(rogues: Sandbox) -> None:
    running = [asyncio.create_task(rogues.call("spin", [b""], timeout=0.3)) for _ in range(2)]
    await asyncio.sleep(0)
    waiting = [asyncio.create_task(rogues.call("echo", [b"x"])) for _ in range(6)]
    await asyncio.sleep(0.05)
    for task in waiting[::2]:
        await _cancelled(task)
    for task in running:
        with pytest.raises(LimitExceeded):
            await task
    assert all(view.facts["sizes"] == [1] for view in await asyncio.gather(*waiting[1::2]))
    await _works(rogues)


async def test_requests_are_served_in_the_order_of_arrival() -> None:
    served: list[int] = []
    async with await Sandbox.start(rogue.PARSERS, workers=1) as sandbox:

        async def request(number: int) -> None:
            await sandbox.call("echo", [b"x"])
            served.append(number)

        await asyncio.gather(*(request(number) for number in range(12)))
    assert served == list(range(12))


async def test_who_waits_too_long_is_told_to_come_back(rogues: Sandbox) -> None:
    running = [asyncio.create_task(rogues.call("spin", [b""], timeout=0.5)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable, match="no parsing worker"):
        await rogues.call("echo", [b"x"], timeout=0.1)
    await asyncio.gather(*running, return_exceptions=True)
    await _works(rogues)


async def test_closing_leaves_nothing_behind() -> None:
    before, files = children(), memory_files()
    sandbox = await Sandbox.start(rogue.PARSERS, workers=2)
    tasks = [asyncio.create_task(sandbox.call("spin", [b""])) for _ in range(4)]
    await asyncio.sleep(0.2)
    assert len(children() - before) == 2
    await sandbox.close()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(outcome, Unavailable)
    assert children() == before
    assert memory_files() == files
    with pytest.raises(Unavailable):
        await sandbox.call("echo", [b""])
    await sandbox.close()


async def test_workers_end_with_a_server_that_was_killed() -> None:
    script = (
        "import asyncio, sys\n"
        "from core.sandbox import Sandbox\n"
        "from tests.core import rogue\n"
        "from tests.core.processes import children\n"
        "async def main():\n"
        "    sandbox = await Sandbox.start(rogue.PARSERS, workers=2)\n"
        "    asyncio.create_task(sandbox.call('spin', [b'']))\n"
        "    await asyncio.sleep(0.2)\n"
        "    print(*children(), flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    server = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    assert server.stdout is not None
    workers = [int(word) for word in (await asyncio.wait_for(server.stdout.readline(), 30)).split()]
    assert len(workers) == 2
    assert all(runs(worker) for worker in workers)
    server.kill()
    await server.wait()
    for _ in range(100):
        if not any(runs(worker) for worker in workers):
            return
        await asyncio.sleep(0.05)
    pytest.fail("a worker outlived its server")


async def test_closing_while_a_worker_is_replaced() -> None:
    before = children()
    sandbox = await Sandbox.start(rogue.PARSERS, workers=1)
    with pytest.raises(ParserFailed):
        await sandbox.call("crash", [b""])
    await sandbox.close()
    assert children() == before


async def test_a_worker_killed_while_idle_is_replaced() -> None:
    before = children()
    async with await Sandbox.start(rogue.PARSERS, workers=1) as sandbox:
        (worker,) = children() - before
        os.kill(worker, signal.SIGKILL)
        await asyncio.sleep(0.1)
        assert (await sandbox.call("echo", [b"x"])).facts["sizes"] == [1]
        assert worker not in children()


@pytest.mark.parametrize(
    ("parsers", "workers", "why"),
    [
        ({"a": "core.no_such_module:parse"}, 2, "no_such_module"),
        ({"a": "tests.core.rogue:nothing"}, 2, "nothing"),
        (rogue.PARSERS, 0, "at least one worker"),
    ],
)
async def test_a_sandbox_that_cannot_work_does_not_start(parsers: dict[str, str], workers: int, why: str) -> None:
    before = children()
    with pytest.raises(ConfigurationError, match=why):
        await Sandbox.start(parsers, workers=workers)
    assert children() == before


async def test_cancelling_the_start_leaves_nothing_behind() -> None:
    before = children()
    task = asyncio.create_task(Sandbox.start(rogue.PARSERS, workers=2))
    await asyncio.sleep(0.1)
    await _cancelled(task)
    assert children() == before

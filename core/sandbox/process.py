"""The parent's side of one worker: starting it, one trip at a time, and its end.

Does not know which worker is used when (`core.sandbox.pool` does), and leaves the deadline to its caller.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError, LimitExceeded, ParserFailed
from core.limits import Limits
from core.media import View
from core.sandbox import wire
from core.sandbox.channel import Channel, heavy
from core.sandbox.confinement import Confinement
from core.sandbox.failures import revive
from core.sandbox.memory import memory_file, read_file, read_memory, write_blobs
from core.sandbox.trip import Answer, Trip, file_size, views_of

# Without the garbage collector, until the worker has imported everything, see `worker.prepare`.
_BOOTSTRAP = "import gc, sys; gc.disable(); sys.path[:] = sys.argv[2:]; from core.sandbox.worker import main; main()"
_START_SECONDS = 60.0
_CPU_MARGIN = 2.0  # seconds
# Without these a library starts a thread for each core, in a process that is one of many.
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


@dataclasses.dataclass(frozen=True, slots=True)
class Boot:
    """What a worker is started with.

    parsers: "package.module:function" by name. options: what a parser is always given, by its name.
    """

    parsers: Mapping[str, str]
    options: Mapping[str, Mapping[str, Any]]
    limits: Limits
    confinement: Confinement


class WorkerProcess:
    """A running worker.

    jobs: trips begun. idle: true between trips; one that stays false after `run` is lost and MUST be ended.
    """

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel, limits: Limits) -> None:
        self._process = process
        self._channel = channel
        self._limits = limits
        self.jobs = 0
        self.idle = True

    @classmethod
    async def start(cls, boot: Boot) -> WorkerProcess:
        """A worker that is confined and ready. Raises ConfigurationError where that fails."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                worker = cls(_spawn(theirs.fileno()), Channel(ours), boot.limits)
        except OSError as error:
            ours.close()
            raise ConfigurationError(f"a parsing worker cannot be started: {error}") from error
        try:
            await worker._greet(boot)
        except BaseException:
            await worker.end()
            raise
        return worker

    async def run(self, trip: Trip, seconds: float) -> dict[str, View]:
        """The views by parser name. seconds: CPU time after which the kernel ends the worker.

        Raises InvalidInput or LimitExceeded from the first parser, ParserFailed where the worker ends or answers
        nonsense, and whatever `trip.answer` raised.
        """
        self.jobs += 1
        self.idle = False
        try:
            reply, memory, file = await self._exchange(trip, seconds)
        except EOFError:
            raise await self._obituary() from None
        if "failure" in reply.head:
            self.idle = True
            raise revive(reply.head["failure"])
        views = views_of(reply.head, trip.parsers, memory, file)
        self.idle = True
        return views

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def resident(self) -> int:
        """Its resident memory in bytes; 0 where it is gone."""
        try:
            pages = Path(f"/proc/{self._process.pid}/statm").read_bytes().split()[1]
        except (OSError, IndexError):
            return 0
        return int(pages) * resource.getpagesize()

    def kill(self) -> None:
        """Kills it now, whatever it does."""
        self._process.kill()

    async def end(self) -> None:
        """Kills it and waits until nothing is left of it.

        The socket closes last: a trip that reads from it has to see the end first.
        """
        self.kill()
        await self._ended()
        self._channel.close()

    async def _greet(self, boot: Boot) -> None:
        head = {
            "parent": os.getpid(),
            "parsers": dict(boot.parsers),
            "options": {name: dict(options) for name, options in boot.options.items()},
            "limits": dataclasses.asdict(boot.limits),
            "confinement": boot.confinement.value,
        }
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._channel.send(wire.Message(head))
                reply = await self._channel.receive()
        except TimeoutError as error:
            raise ConfigurationError(f"a parsing worker was not ready after {_START_SECONDS:g} s") from error
        except (EOFError, ParserFailed) as error:
            raise ConfigurationError("a parsing worker ended while it started") from error
        if reply.head.get("ready") is not True:
            raise ConfigurationError(f"a parsing worker did not start: {reply.head.get('error')}")

    async def _exchange(self, trip: Trip, seconds: float) -> tuple[wire.Message, Any, bytes]:
        """The reply, a copy of the memory that came with it, and the file at its beginning, which is not in that copy.

        Raises EOFError where the worker ends.
        """
        lengths = [len(blob) for blob in trip.blobs]
        job = {"parsers": list(trip.parsers), "mime": trip.mime, "options": dict(trip.options), "lengths": lengths}
        with memory_file("arrays") as target:
            with memory_file("blobs") as source:
                await heavy(sum(lengths), write_blobs, source, trip.blobs)
                self._allow_cpu(seconds)
                await self._channel.send(wire.Message(job), source, target)
                reply = await self._converse(trip.answer)
            # What was sent is let go of before what came back is copied: of a large film, one copy fewer.
            size, written, limit = file_size(reply.head), os.fstat(target).st_size, self._limits.max_result
            file = await heavy(size, read_file, target, size, limit) if size else b""
            return reply, await heavy(written - size, read_memory, target, limit, size), file

    async def _converse(self, answer: Answer | None) -> wire.Message:
        """Answers what the parser asks, until it is done. Raises what `answer` raised, once the parser is done."""
        refusal: Exception | None = None
        while (reply := await self._channel.receive()).head.get("ask") is True:
            if answer is None:
                raise wire.malformed("it asks, and nobody is there to answer")
            try:
                reply_to = wire.Message({}, await asyncio.to_thread(answer, reply.body))
            except Exception as error:  # noqa: BLE001 - raised again below, where its caller can see it
                refusal, reply_to = error, wire.Message({"refused": True})
            await self._channel.send(reply_to)
        if refusal is not None:
            self.idle = True
            raise refusal
        return reply

    def _allow_cpu(self, seconds: float) -> None:
        """Lets the kernel end a worker that computes on, should this process be stopped and miss the deadline."""
        clock = (~self._process.pid << 3) | 2  # the CPU clock of a process, as clock_getcpuclockid(3) makes it
        try:
            soft = int(time.clock_gettime(clock) + seconds + _CPU_MARGIN) + 1
            _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_CPU)
            soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
            resource.prlimit(self._process.pid, resource.RLIMIT_CPU, (soft, hard))
        except OSError as error:  # it ended while it was idle
            raise EOFError from error

    async def _ended(self) -> int:
        """Waits for the end of the process and gives its exit status, negative for a signal."""
        status = self._process.poll()
        if status is not None:
            return status
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        descriptor = os.pidfd_open(self._process.pid)
        loop.add_reader(descriptor, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(descriptor)
            os.close(descriptor)
        return self._process.wait()

    async def _obituary(self) -> ParserFailed | LimitExceeded:
        """What to tell whose trip a worker did not survive."""
        self.kill()  # it may have closed its socket and live on; a process that ended keeps its first cause
        status = await self._ended()
        if status == -signal.SIGXCPU:
            return LimitExceeded("parsing took too much CPU time", field="media.seconds", limit="", found="")
        cause = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        return ParserFailed(f"the parser crashed on this input ({cause})", field="media", found=cause)


def _spawn(channel: int) -> subprocess.Popen[bytes]:
    """Starts an interpreter that inherits nothing but the socket. Called from the loop's own thread, because the
    worker dies with the thread that started it (`confinement.tie_to_parent`).
    """
    path = [os.path.realpath(entry) for entry in sys.path]
    return subprocess.Popen(  # noqa: S603 - our own interpreter and our own code
        [sys.executable, "-I", "-X", "utf8", "-c", _BOOTSTRAP, str(channel), *path],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=(channel,),
        env=_ENVIRONMENT,
        cwd="/",
        process_group=0,  # an interrupt from the keyboard is for the server, which ends its workers in its own time
    )

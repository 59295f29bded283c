"""What one process may ask of the process that writes, and how it is answered. One frame asks for many things at once.

A frame of requests is [[number, request], …], one of answers [[number, answer], …]; numbers are the asking side's.
Each request is answered once, in any order.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, TypeAlias

from core.errors import CountersignError
from server.audit.entries.entry import Recorded
from server.audit.forwarding.errors import read_error, write_error
from server.audit.forwarding.frames import frame_of, read_frame
from server.audit.forwarding.messages import VERSION, malformed, read_recorded, read_work, write_recorded
from server.audit.writing.writer import Writer

Answer: TypeAlias = Recorded | CountersignError | None
"""What came of a request: of work its record, of anything else None; or an error."""
PING: Mapping[str, Any] = {"ping": True}
_DONE: Mapping[str, Any] = {"done": True}
_GREETING = ["countersign audit log", VERSION]


async def greet(reader: asyncio.StreamReader, stream: asyncio.StreamWriter) -> None:
    """Both sides say which version they speak. ConnectionError if the other one speaks another."""
    stream.write(frame_of(_GREETING))
    await stream.drain()
    found = await read_frame(reader)
    if found != _GREETING:
        raise ConnectionError(f"the other process says {found!r:.80}, not {_GREETING}: stop servers of other releases")


async def answer(request: Mapping[str, Any], writer: Writer) -> Mapping[str, Any]:
    """Do what `request` asks. An error of the writer is the answer; ConnectionError for what nobody should ask."""
    try:
        if "ping" in request:
            await writer.ping()
            return _DONE
        with malformed():
            work = read_work(request)
        return write_recorded(await writer.submit(work))
    except CountersignError as error:
        return write_error(error)


def read_answer(value: Mapping[str, Any]) -> Answer:
    """What `answer` answered."""
    if "error" in value:
        return read_error(value)
    return None if "done" in value else read_recorded(value)

"""A line between the log and PostgreSQL that breaks where a test wants it to: before, during or after a COMMIT."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

# PostgreSQL's protocol: 'Q', the length of what follows in four bytes, the statement and a zero byte.
_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
_SOCKET = ".s.PGSQL.5432"
_PIECE = 1 << 16


class Cut(StrEnum):
    """Where the line breaks. BEFORE: COMMIT never arrives. DURING: it arrives, and nobody waits for what comes of it.
    AFTER: it is done, and the answer is lost.
    """

    BEFORE = "before"
    DURING = "during"
    AFTER = "after"


class Line:
    """url: of the database, by way of this line. cut: break the line at the next COMMIT; None: let it pass."""

    def __init__(self, server: Path, url: str) -> None:
        self.url = url
        self.cut: Cut | None = None
        self.cuts = 0
        self._server = server

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        up_reader, up_writer = await asyncio.open_unix_connection(str(self._server))
        back = asyncio.create_task(_pump(up_reader, writer))
        try:
            while data := await reader.read(_PIECE):
                cut, self.cut = (self.cut, None) if _COMMIT in data else (None, self.cut)
                if cut is not None:
                    self.cuts += 1
                    await self._break(cut, data, back, up_reader, up_writer)
                    break
                up_writer.write(data)
        except ConnectionError:
            pass
        finally:
            back.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await back
            for end in (writer, up_writer):
                # At once, and not when everything was delivered.
                end.transport.abort()

    async def _break(
        self,
        cut: Cut,
        data: bytes,
        back: asyncio.Task[None],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        back.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await back
        if cut is Cut.BEFORE:
            return
        writer.write(data)
        await writer.drain()
        if cut is Cut.AFTER:
            await reader.read(_PIECE)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_PIECE):
            writer.write(data)
    writer.close()


@asynccontextmanager
async def breakable(url: str, folder: Path) -> AsyncIterator[Line]:
    """A line to the database at `url`. folder: short enough for the path of a Unix socket."""
    host = parse_qs(urlsplit(url).query)["host"][0]
    line = Line(Path(host) / _SOCKET, url.replace(host, str(folder)))
    server = await asyncio.start_unix_server(line.carry, folder / _SOCKET)
    try:
        yield line
    finally:
        server.close()

"""Frames on a stream: four bytes of length, big-endian, then one CBOR value (RFC 8949). Knows nothing of what they say.

Whatever is wrong with a stream is a ConnectionError: there is no way back into step with the other side.
"""

from __future__ import annotations

import asyncio
from typing import Any

import cbor2

MAX_FRAME = 64 << 20
_LENGTH_BYTES = 4


def frame_of(value: Any) -> bytes:
    """`value` as it is sent. ValueError beyond `MAX_FRAME`: the other side would hang up."""
    data = cbor2.dumps(value)
    if len(data) > MAX_FRAME:
        raise ValueError(f"a frame of {len(data)} bytes is too long")
    return len(data).to_bytes(_LENGTH_BYTES) + data


async def read_frame(reader: asyncio.StreamReader) -> Any:
    """The next value. ConnectionError at the end of the stream, for an oversized frame and for what is no CBOR."""
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES))
        if length > MAX_FRAME:
            raise ConnectionError(f"a frame of {length} bytes was announced")
        return cbor2.loads(await reader.readexactly(length))
    except asyncio.IncompleteReadError as error:
        raise ConnectionError("the other side hung up") from error
    except cbor2.CBORDecodeError as error:
        raise ConnectionError("the other side does not speak CBOR") from error

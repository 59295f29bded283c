"""What the watermark says: a 48-bit identifier, checked by a CRC and spread by a convolutional code.

    identifier (48) + CRC-16 (16) + zeros that end the trellis (8) → rate ½ → 144 coded bits

The code is the K = 9 code of IS-95 (generators 561 and 753, octal), decoded from soft values by the Viterbi algorithm
over all 256 states at once. Knows bits; does not know pictures or carriers.
"""

from __future__ import annotations

import binascii
import hashlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput

Bits: TypeAlias = NDArray[np.uint8]
Floats: TypeAlias = NDArray[np.float32]

ID_BITS = 48
_CHECK_BITS = 16
_MEMORY = 8
_STEPS = ID_BITS + _CHECK_BITS + _MEMORY
CODED_BITS = 2 * _STEPS
_GENERATORS = (0o561, 0o753)
_STATES = 1 << _MEMORY
# Not zero, or a word of zeros would be valid; another number for another format, so that the two never meet.
_CHECK_START = 0xC501
_ORIGIN = b"countersign watermark, origin, format 1"


def _trellis() -> tuple[NDArray[np.intp], Floats]:
    """Of every state its two predecessors, (256, 2), and the ±1 that each way there sends, (256, 2, 2)."""
    states = np.arange(_STATES)
    before = np.stack([states >> 1, states >> 1 | _STATES >> 1], axis=1)
    register = before << 1 | (states & 1)[:, None]
    sent = np.stack([np.bitwise_count(register & generator) & 1 for generator in _GENERATORS], axis=-1)
    return before.astype(np.intp), (1 - 2.0 * sent).astype(np.float32)


_BEFORE, _SENT = _trellis()


def encode(identifier: int) -> Bits:
    """The 144 coded bits of an identifier of 0 to 2⁴⁸ − 1. Raises InvalidInput for any other number."""
    if not 0 <= identifier < 1 << ID_BITS:
        raise InvalidInput("a watermark carries 48 bits", field="identifier", limit="2^48 - 1", found=str(identifier))
    data = identifier.to_bytes(ID_BITS // 8, "big")
    message = np.frombuffer(data + _check(data).to_bytes(2, "big"), dtype=np.uint8)
    return _convolved(np.concatenate([np.unpackbits(message), np.zeros(_MEMORY, dtype=np.uint8)]))


def decode(soft: Floats) -> list[int | None]:
    """The most likely identifier of each word, None where its CRC does not fit.

    soft: (n, 144), positive for a likely 0 and negative for a likely 1, in any unit; 0 for an erased bit.
    """
    return [identifier for identifier, _ in decode_bits(soft)]


def decode_bits(soft: Floats) -> list[tuple[int | None, Bits]]:
    """As `decode`, with the 144 coded bits of the most likely word, whatever its CRC says."""
    messages = _viterbi(np.asarray(soft, dtype=np.float32))
    packed = np.packbits(messages[:, : ID_BITS + _CHECK_BITS], axis=1)
    return [(_checked(one.tobytes()), _convolved(bits)) for one, bits in zip(packed, messages, strict=True)]


def origin(identifier: int, side: int) -> tuple[int, int]:
    """Where the tiles of an identifier begin, (down, right), each 0 to `side` − 1 pixels.

    Spread over the tile, so that two marks in one picture rarely lie on each other and both can be read.
    """
    drawn = hashlib.shake_256(_ORIGIN + identifier.to_bytes(ID_BITS // 8, "big")).digest(4)
    return int.from_bytes(drawn[:2], "big") * side >> 16, int.from_bytes(drawn[2:], "big") * side >> 16


def _viterbi(soft: Floats) -> Bits:
    """The message bits, (n, 72), of the path with the largest correlation that starts and ends in state 0."""
    count = len(soft)
    pairs = soft.reshape(count, _STEPS, 2)
    metric = np.full((count, _STATES), -np.inf, dtype=np.float32)
    metric[:, 0] = 0
    chosen = np.empty((_STEPS, count, _STATES), dtype=np.uint8)
    for step in range(_STEPS):
        ways = metric[:, _BEFORE] + np.tensordot(pairs[:, step], _SENT, axes=(1, 2))
        chosen[step] = ways[..., 1] > ways[..., 0]
        metric = ways.max(axis=-1)
    state = np.zeros(count, dtype=np.intp)
    bits = np.empty((count, _STEPS), dtype=np.uint8)
    for step in reversed(range(_STEPS)):
        bits[:, step] = state & 1
        state = _BEFORE[state, chosen[step, np.arange(count), state]]
    return bits


def _convolved(message: Bits) -> Bits:
    """(72,) bits that end in 8 zeros to (144,)."""
    register, coded = 0, []
    for bit in message.tolist():
        register = (register << 1 | bit) & (2 * _STATES - 1)
        coded += [(register & generator).bit_count() & 1 for generator in _GENERATORS]
    return np.array(coded, dtype=np.uint8)


def _check(data: bytes) -> int:
    return binascii.crc_hqx(data, _CHECK_START)


def _checked(message: bytes) -> int | None:
    data, check = message[: ID_BITS // 8], message[ID_BITS // 8 :]
    return int.from_bytes(data, "big") if _check(data) == int.from_bytes(check, "big") else None

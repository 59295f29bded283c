"""How a tile says a word: a square picture, periodic in both directions, that is a sum of waves.

Every wave of 2 to 14 periods a tile has two signs to give, one to its cosine and one to its sine. A coded bit owns
three of them, a low, a middle and a high wave's, so that neither blur nor flat areas can silence a bit; what remains is
the *pilot*, whose signs everybody knows and which tells a reader where a tile begins. Signs are whitened, so that no
identifier makes a tile with a bright spot. Repeated over a picture, whole tiles survive any crop.

Knows words and waves; does not know pictures, strengths or networks. Two programs with this file understand each other:
nothing in it may change without a new format.
"""

from __future__ import annotations

import hashlib
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.watermark.payload import CODED_BITS, Bits

Waves: TypeAlias = NDArray[np.complex64]
Floats: TypeAlias = NDArray[np.float32]

LEAST_PERIODS, MOST_PERIODS = 2.0, 14.0
_SEED = b"countersign watermark, format 1"
_SHARE = 3  # signs that a bit owns


def _draw(name: str, count: int) -> NDArray[np.uint32]:
    """Numbers that are the same for ever, whatever becomes of any library's generators."""
    return np.frombuffer(hashlib.shake_256(_SEED + name.encode()).digest(4 * count), dtype="<u4").astype(np.uint32)


def _waves() -> NDArray[np.int64]:
    """(n, 2): periods along y and x, one of each pair of opposite directions, by rising frequency."""
    reach = range(-int(MOST_PERIODS), int(MOST_PERIODS) + 1)
    half = [(y, x) for y in reach for x in reach if y > 0 or (y == 0 and x > 0)]
    inside = [(y, x) for y, x in half if LEAST_PERIODS**2 <= y * y + x * x <= MOST_PERIODS**2]
    return np.array(sorted(inside, key=lambda wave: (wave[0] ** 2 + wave[1] ** 2, wave)), dtype=np.int64)


def _owners() -> NDArray[np.int64]:
    """(2n,): which coded bit owns a sign, −1 for the pilot; cosines and sines of a wave follow each other."""
    count = 2 * len(PERIODS)
    # Evenly over all frequencies, whole waves: the pilot must be found where only some frequencies survive.
    pilots = np.linspace(0, len(PERIODS) - 1, (count - _SHARE * CODED_BITS) // 2).round().astype(np.int64)
    free = np.setdiff1d(np.arange(count), np.concatenate([2 * pilots, 2 * pilots + 1]))[: _SHARE * CODED_BITS]
    owners = np.full(count, -1)
    for turn, signs in enumerate(np.split(free, _SHARE)):
        owners[signs] = np.argsort(_draw(f"turn {turn}", CODED_BITS), kind="stable")
    return owners


PERIODS = _waves()
OWNERS = _owners()
WHITE = (1.0 - 2.0 * (_draw("white", len(OWNERS)) & 1)).astype(np.float32)
PILOT: NDArray[np.bool_] = (OWNERS < 0)[::2]
"""(n,): the waves whose signs are known to all."""
FREQUENCY = np.hypot(PERIODS[:, 0], PERIODS[:, 1]).astype(np.float32)
"""(n,): periods a tile."""


def waves_of(word: Bits) -> Waves:
    """(n,) complex: ±1 ± i for every wave of a word of 144 bits."""
    data = np.where(OWNERS < 0, 1.0, 1.0 - 2.0 * word[OWNERS].astype(np.float32)) * WHITE
    return (data[::2] + 1j * data[1::2]).astype(np.complex64)


def pilot_waves() -> Waves:
    """(n,) complex: the pilot's waves, 0 for all others."""
    return np.where(PILOT, waves_of(np.zeros(CODED_BITS, dtype=np.uint8)), 0).astype(np.complex64)


def draw_tile(waves: Waves, side: int) -> Floats:
    """One tile of `side` > 28 pixels, float32; a wave's real part multiplies its cosine, the imaginary its sine."""
    spectrum = np.zeros((side, side), dtype=np.complex64)
    spectrum[PERIODS[:, 0] % side, PERIODS[:, 1] % side] = waves.conj() * (side * side)
    return np.fft.ifft2(spectrum).real.astype(np.float32)


def read_tile(tile: Floats) -> Waves:
    """The inverse of `draw_tile`: (…, side, side) to (…, n)."""
    spectrum = np.fft.fft2(tile)[..., PERIODS[:, 0], PERIODS[:, 1]]
    waves: Waves = (spectrum.conj() / (tile.shape[-1] ** 2 / 2)).astype(np.complex64)
    return waves


def soft_bits(waves: Waves) -> Floats:
    """(…, n) waves, weighted by how much each is to be believed, to (…, 144) soft bits, positive for 0."""
    signs = np.stack([waves.real, waves.imag], axis=-1).reshape(*waves.shape[:-1], -1) * WHITE
    return (signs @ _GATHER).astype(np.float32)


_GATHER = np.equal(OWNERS[:, None], np.arange(CODED_BITS)).astype(np.float32)

"""Where the parts of a mirrored log lie, and which of them a tree of a given size has.

Source: c2sp.org/tlog-tiles, "Merkle Tree" and "Log entries". Knows paths and widths; reads and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

HEIGHT = 8
WIDTH = 1 << HEIGHT
CHECKPOINT = "checkpoint"
TILES = "tile"
ENTRIES = f"{TILES}/entries"
# Not of tlog-tiles: the statements by which the log changed its key (`countersign.verify.rotation`), numbered from 1.
ROTATIONS = "key-rotation"


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """One tile of a tree. level: 0 holds leaf hashes. width: hashes in it, 1 to 256; below 256 it is partial."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its place, relative to the mirror's directory."""
        return f"{TILES}/{self.level}/{number_path(self.number)}{_suffix(self.width)}"

    @property
    def full_path(self) -> str:
        """The place of the full tile, which may be there in place of a partial one."""
        return f"{TILES}/{self.level}/{number_path(self.number)}"

    @property
    def entries_path(self) -> str:
        """The place of the entry bundle that belongs to a tile of level 0."""
        return f"{ENTRIES}/{number_path(self.number)}{_suffix(self.width)}"

    @property
    def full_entries_path(self) -> str:
        """The place of the full bundle."""
        return f"{ENTRIES}/{number_path(self.number)}"


def number_path(number: int) -> str:
    """`number` in zero-padded elements of three digits, all but the last after an x: 1234067 is x001/x234/067."""
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    elements = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    return "/".join([*(f"x{element}" for element in elements[:-1]), elements[-1]])


def levels(size: int) -> int:
    """How many levels of tiles a tree of `size` leaves has."""
    return -(-size.bit_length() // HEIGHT)


def hashes_at(level: int, size: int) -> int:
    """How many hashes all tiles of a level hold together."""
    return size >> HEIGHT * level


def tiles_of_level(level: int, size: int, start: int = 0) -> Iterator[Tile]:
    """The tiles of one level from number `start` on, the partial one last."""
    for number in range(start, -(-hashes_at(level, size) // WIDTH)):
        yield tile_at(level, number, size)


def edge(size: int) -> list[Tile]:
    """The partial tiles of a tree, from the leaves upwards: with no others its root can be computed."""
    totals = [hashes_at(level, size) for level in range(levels(size))]
    return [Tile(level, total // WIDTH, total % WIDTH) for level, total in enumerate(totals) if total % WIDTH]


def tile_at(level: int, number: int, size: int) -> Tile:
    """The tile of that place in a tree of `size` leaves, which has it."""
    return Tile(level, number, min(WIDTH, hashes_at(level, size) - number * WIDTH))


def _suffix(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"

"""Variable-size integers of EBML (RFC 8794), of which WebM files are built. Knows no element."""

from __future__ import annotations


def read_vint(data: bytes, at: int, *, keep_marker: bool) -> tuple[int, int]:
    """The integer at offset `at` and the offset behind it (RFC 8794, section 4); 0 where it is damaged.

    keep_marker: element identifiers are written with their length marker, sizes without.
    """
    first = data[at] if at < len(data) else 0
    length = 9 - first.bit_length()
    if first == 0 or at + length > len(data):
        return 0, at + 1
    value = int.from_bytes(data[at : at + length], "big")
    return (value if keep_marker else value & ~(1 << (7 * length))), at + length


def read_size(data: bytes, at: int) -> tuple[int | None, int]:
    """The size of an element and the offset of its content; None where it is unknown, as in live streams (6.2)."""
    value, behind = read_vint(data, at, keep_marker=False)
    unknown = (1 << (7 * (behind - at))) - 1
    return (None if value == unknown else value), behind

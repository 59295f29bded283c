"""Reads files out of a binary Qt resource collection (.rcc), as Qt's `rcc` tool writes it.

It knows the layout of format versions 1 to 3: a header, a tree of nodes, a table of UTF-16 names, and data. It reads
stored and zlib-compressed files, and refuses zstd, which the packages that we read do not use.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from core.errors import CorruptMedia

_COMPRESSED_ZLIB = 1
_DIRECTORY = 2
_COMPRESSED_ZSTD = 4


@dataclass(frozen=True, slots=True)
class _Layout:
    data: bytes
    tree: int
    blobs: int
    names: int
    node_size: int


def read_resources(data: bytes) -> dict[str, bytes]:
    """Every file of the collection by its path, without a leading slash.

    Raises CorruptMedia for anything that is not a well-formed collection.
    """
    try:
        magic, version, tree, blobs, names = struct.unpack_from(">4sIIII", data)
        if magic != b"qres" or version not in (1, 2, 3):
            raise CorruptMedia("not a Qt resource collection", field="rcc", found=repr(magic))
        # Version 2 added a modification time of eight bytes to each node.
        layout = _Layout(data, tree, blobs, names, node_size=14 if version == 1 else 22)
        return dict(_walk(layout, node=0, parent=""))
    except (struct.error, zlib.error, UnicodeDecodeError) as error:
        raise CorruptMedia(f"broken Qt resource collection: {error}", field="rcc") from error


def _walk(layout: _Layout, node: int, parent: str) -> Iterator[tuple[str, bytes]]:
    start = layout.tree + node * layout.node_size
    name_offset, flags = struct.unpack_from(">IH", layout.data, start)
    path = f"{parent}/{_name(layout, name_offset)}".lstrip("/") if node else ""
    if not flags & _DIRECTORY:
        yield path, _content(layout, start, flags)
        return
    count, first = struct.unpack_from(">II", layout.data, start + 6)
    for child in range(first, first + count):
        if child <= node:
            raise CorruptMedia("a directory of the collection holds itself", field="rcc", found=path)
        yield from _walk(layout, child, path)


def _name(layout: _Layout, offset: int) -> str:
    # Two bytes of length and four of hash stand before the name.
    start = layout.names + offset
    (length,) = struct.unpack_from(">H", layout.data, start)
    return layout.data[start + 6 : start + 6 + 2 * length].decode("utf-16-be")


def _content(layout: _Layout, node_start: int, flags: int) -> bytes:
    (offset,) = struct.unpack_from(">I", layout.data, node_start + 10)
    start = layout.blobs + offset
    (length,) = struct.unpack_from(">I", layout.data, start)
    content = layout.data[start + 4 : start + 4 + length]
    if flags & _COMPRESSED_ZSTD:
        raise CorruptMedia("zstd-compressed resources are not read", field="rcc")
    # qCompress puts the expanded size, four bytes, before the zlib stream.
    return zlib.decompress(content[4:]) if flags & _COMPRESSED_ZLIB else content

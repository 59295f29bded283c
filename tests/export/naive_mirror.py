"""A mirror written down as c2sp.org/tlog-tiles defines it, by RFC 6962 over the leaves: slow, and obviously right.

It shares no code with the product.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

from tests.verify import naive


def place(number: int) -> str:
    """The path elements of a tile's number: three digits each, all but the last with an x."""
    elements = [f"{number % 1000:03d}"]
    while number >= 1000:
        number //= 1000
        elements.insert(0, f"x{number % 1000:03d}")
    return "/".join(elements)


def files(entries: Sequence[bytes], *, bundles: bool) -> dict[str, bytes]:
    """Every tile of the tree of `entries`, and every bundle where wanted, by path."""
    found: dict[str, bytes] = {}
    level, subtrees = 0, [naive.tree_hash([entry]) for entry in entries]
    while subtrees:
        for number in range(-(-len(subtrees) // 256)):
            hashes = subtrees[number * 256 : (number + 1) * 256]
            suffix = "" if len(hashes) == 256 else f".p/{len(hashes)}"
            found[f"tile/{level}/{place(number)}{suffix}"] = b"".join(hashes)
            if bundles and level == 0:
                bundle = entries[number * 256 : (number + 1) * 256]
                framed = b"".join(struct.pack(">H", len(entry)) + entry for entry in bundle)
                found[f"tile/entries/{place(number)}{suffix}"] = framed
        level += 1
        spans = range(0, len(entries) - 256**level + 1, 256**level)
        subtrees = [naive.tree_hash(entries[start : start + 256**level]) for start in spans]
    return found


def write(directory: Path, entries: Sequence[bytes], checkpoint: str, *, bundles: bool) -> None:
    """The same in a directory, with a checkpoint."""
    for path, data in files(entries, bundles=bundles).items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    (directory / "checkpoint").write_text(checkpoint)


def read(directory: Path) -> dict[str, bytes]:
    """Every file under `tile`, by path."""
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted((directory / "tile").rglob("*"))
        if path.is_file()
    }

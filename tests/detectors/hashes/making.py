"""Entries and films for tests of lists."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detectors.hashes.columns import words_of
from detectors.hashes.entry import Entry, FrameHash, HashKind, Said
from detectors.hashes.films import Shown
from detectors.hashes.tables import Words

SAID = Said("films", "a reason", "a source", ("a-tag", "another"))


def random_hashes(seed: int, count: int) -> list[int]:
    raw = np.random.default_rng(seed).bytes(32 * count)
    return [int.from_bytes(raw[at : at + 32], "big") for at in range(0, len(raw), 32)]


def words(values: Sequence[int]) -> Words:
    raw = b"".join(value.to_bytes(32, "big") for value in values)
    return words_of(np.frombuffer(raw, np.uint8).reshape(-1, 32))


def listed(value: int, name: str = "test", kind: HashKind = HashKind.PDQ) -> Entry:
    return Entry(kind, f"{value:064x}", name, "a reason", "a source")


def film(values: Sequence[int], said: Said = SAID, quality: int = 100) -> Entry:
    return Entry.film([FrameHash(f"{value:064x}", quality, 1000 * at) for at, value in enumerate(values)], said)


def shown(values: Sequence[int], quality: int = 100) -> Shown:
    hashes = np.frombuffer(b"".join(value.to_bytes(32, "big") for value in values), np.uint8).reshape(-1, 32)
    return Shown(hashes, np.full(len(values), quality, np.uint8), np.arange(float(len(values)))).usable()

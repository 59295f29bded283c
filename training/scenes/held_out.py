"""Combinations that no training scene shows, so that a model can be asked for what it has never seen.

Which ones is a matter of their names alone, so every machine and every version agrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from training.scenes.scene import Group, Scene

_SHARES = {"colour": 0.12, "style": 0.06, "count": 0.12, "pair": 0.15, "role": 0.1}
"""Of each kind of combination, the share that is held out."""


def held_out(scene: Scene) -> frozenset[str]:
    """The kinds of combination in a scene that training leaves out: "colour", "style", "count", "pair", "role"."""
    return frozenset(kind for kind, words in _combinations(scene) if _is_out(kind, words))


def _combinations(scene: Scene) -> Iterator[tuple[str, tuple[str, ...]]]:
    for group in scene.groups:
        yield from _of_group(group)
        # Roles are left in all styles: who they show is what is held out of them.
        if not group.gender:
            yield "style", (scene.style, group.word)
    if len(scene.groups) > 1:
        yield "pair", tuple(sorted(group.word for group in scene.groups))


def _of_group(group: Group) -> Iterator[tuple[str, tuple[str, ...]]]:
    if group.colour:
        yield "colour", (group.colour, group.word)
    if group.count > 1:
        yield "count", (str(group.count), group.word)
    if group.gender:
        yield "role", (group.word, group.gender, str(group.tone))


def _is_out(kind: str, words: tuple[str, ...]) -> bool:
    digest = hashlib.sha256("\n".join((kind, *words)).encode()).digest()
    return int.from_bytes(digest[:4], "big") < _SHARES[kind] * 2**32

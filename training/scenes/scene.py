"""What a scene is: groups of things, how they stand to each other, and how it is drawn.

It knows no pixels and no sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Relation: TypeAlias = Literal["", "and", "left of", "right of", "above", "below"]
"""Of the first group to the second; "and" leaves open how they stand, "" is for a single group."""


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one kind. count: 1–5. colour: "" for the drawing's own. gender, tone: of roles; said: whether the
    caption says it, or the prior drew it.
    """

    word: str
    count: int = 1
    colour: str = ""
    gender: str = ""
    tone: int = 0
    gender_said: bool = False
    tone_said: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture. background: a name of the vocabulary, "" for white. style: of all its drawings."""

    groups: tuple[Group, ...]
    style: str
    relation: Relation = ""
    background: str = ""
    style_said: bool = True


@dataclass(frozen=True, slots=True)
class Box:
    """Where one thing stands: the index of its group and its square, as fractions of the picture's side."""

    group: int
    left: float
    top: float
    side: float

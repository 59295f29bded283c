r"""Emphasis in prompts: `(word:1.3)` weighs a word, `(word)` is ×1.1, `[word]` is ÷1.1, and they nest.

Users of Stable Diffusion know the notation from its web interfaces. `\(` is the bracket itself. A bracket without its
partner is text, and so is one in the middle of a word: were it notation, it would hide the word from whoever reads
the prompt, and not from the model. For the same reason a space stands where notation between two words is taken away:
`(ki)(te)` says "ki te" to the model as it does to a list of words.

This module knows characters. It does not know tokens, nor what a weight does.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from core.errors import InvalidInput

MAX_WEIGHT = 2.0
"""Beyond it, pictures fall apart (seen with every Stable Diffusion)."""
_STEP = 1.1
_CLOSING = {"(": ")", "[": "]"}
_ESCAPED = re.compile(r"\\[()\[\]]")
_WEIGHT = re.compile(r":\s*(\d{1,3}(?:\.\d{1,6})?)\s*$")


@dataclass(frozen=True, slots=True)
class Weighted:
    """A prompt without its notation. weights: one for each character of text, 0 to `MAX_WEIGHT`; 1 is no emphasis."""

    text: str
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    """A pair of brackets at [start, stop]; what is from `end` on up to the closing one is the weight's own text."""

    start: int
    end: int
    stop: int
    factor: float


def parse(prompt: str, *, field: str = "prompt") -> Weighted:
    """The prompt's text and the weight of each of its characters.

    Raises InvalidInput naming `field` for a weight above `MAX_WEIGHT`, nested ones multiplied.
    """
    escaped = {match.start() for match in _ESCAPED.finditer(prompt)}
    groups = _groups(prompt, escaped)
    opening = {group.start: group for group in groups}
    skipped = escaped | {at for group in groups for at in (group.start, *range(group.end, group.stop + 1))}
    text: list[str] = []
    weights: list[float] = []
    inside: list[_Group] = []
    parted = False
    for at, character in enumerate(prompt):
        while inside and inside[-1].stop < at:
            inside.pop()
        if at in opening:
            inside.append(opening[at])
        if at in skipped:
            parted = True
            continue
        if parted and text and _in_word(text[-1]) and _in_word(character):
            text.append(" ")
            weights.append(1.0)
        parted = False
        text.append(character)
        weights.append(_weight(inside, field))
    return Weighted("".join(text), tuple(weights))


def escape(text: str) -> str:
    """A prompt that says `text` and weighs nothing."""
    return re.sub(r"([()\[\]])", r"\\\1", text)


def _groups(prompt: str, escaped: set[int]) -> list[_Group]:
    """The pairs of brackets, in any order."""
    literal = {at + 1 for at in escaped}
    groups: list[_Group] = []
    stack: list[int] = []
    for at, character in enumerate(prompt):
        if at in literal or character not in "()[]":
            continue
        if character in _CLOSING:
            if at == 0 or not _in_word(prompt[at - 1]):
                stack.append(at)
        elif stack and _CLOSING[prompt[stack[-1]]] == character and not _in_word(prompt[at + 1 : at + 2]):
            groups.append(_group(prompt, stack.pop(), at))
    return groups


def _group(prompt: str, start: int, stop: int) -> _Group:
    if prompt[start] == "[":
        return _Group(start, stop, stop, 1 / _STEP)
    stated = _WEIGHT.search(prompt, start + 1, stop)
    if stated:
        return _Group(start, stated.start(), stop, float(stated[1]))
    return _Group(start, stop, stop, _STEP)


def _in_word(character: str) -> bool:
    """Whether it is part of a word, or a character that nobody sees and that could stand in one; "" is not."""
    return bool(character) and not character.isspace() and unicodedata.category(character)[0] in "LMNC"


def _weight(inside: list[_Group], field: str) -> float:
    weight = 1.0
    for group in inside:
        weight *= group.factor
    if weight > MAX_WEIGHT:
        message = f"the {field} weighs something more than is allowed"
        raise InvalidInput(message, field=field, limit=f"{MAX_WEIGHT:g}", found=f"{weight:.3g}")
    return weight

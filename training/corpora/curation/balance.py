"""What scenes show, how often, and whether it is what was declared.

Two samples of one prior: scenes as declared, and scenes as training draws them, which lack what is held out. The second
is what a model learns from, so its shares are the ground truth of a measurement of bias, not the prior's own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chisquare

from training.scenes.grammar import Grammar
from training.scenes.prior import Prior
from training.scenes.scene import Group, Scene
from training.scenes.shares import Person, shares_of, women_of

SCENES = 20_000
UNLIKELY = 1e-4
"""A sample whose chance is smaller than this does not follow what was declared. Seeds are fixed, so none flickers."""
Tally = Mapping[str, Counter[str]]
_LEAST = 5  # expected in a cell, or chi-square says nothing


@dataclass(frozen=True, slots=True)
class RoleBalance:
    """Of one role: the share of women as declared, as expected in training and as drawn; and the chance of the draw."""

    role: str
    declared: float
    expected: float
    drawn: float
    count: int
    chance: float


def sample(draw: Callable[[np.random.Generator], Scene], seed: int, count: int = SCENES) -> list[Scene]:
    """Scenes of a grammar's `any` or `training`."""
    rng = np.random.default_rng(seed)
    return [draw(rng) for _ in range(count)]


def tally(scenes: Sequence[Scene], grammar: Grammar) -> Tally:
    """How often each object, colour, number, style, relation and background comes."""
    things = [group for scene in scenes for group in scene.groups if not group.gender]
    # Of two things the second is drawn until it is another word; the first alone is as declared.
    first = [scene.groups[0] for scene in scenes if not scene.groups[0].gender]
    coloured = [group for group in things if group.word in grammar.vocabulary.coloured]
    return {
        "object": Counter(group.word for group in first),
        "colour": Counter(group.colour for group in coloured if group.colour),
        "style": Counter(scene.style for scene in scenes),
        "relation": Counter(scene.relation for scene in scenes if scene.relation),
        "background": Counter(scene.background for scene in scenes if scene.background),
        "number, of several": Counter(
            str(scene.groups[0].count) for scene in scenes if not scene.relation and scene.groups[0].count > 1
        ),
    }


def evenness(counts: Counter[str]) -> float:
    """The chance that equally likely values come as unequally as these (chi-square)."""
    return float(chisquare(list(counts.values())).pvalue)


def roles(scenes: Sequence[Scene], grammar: Grammar, *, training: bool) -> list[RoleBalance]:
    """How each role was drawn. training: whether the scenes lack what is held out."""
    people = [group for scene in scenes for group in scene.groups if group.gender]
    return [_role(role, people, grammar.prior, training=training) for role in grammar.vocabulary.roles]


def _role(role: str, people: Sequence[Group], prior: Prior, *, training: bool) -> RoleBalance:
    seen = Counter((group.gender, group.tone) for group in people if group.word == role)
    shares = shares_of(prior, role, training=training)
    total = seen.total()
    drawn = sum(count for (gender, _), count in seen.items() if gender == "woman") / total
    return RoleBalance(role, prior.of(role)[0], women_of(shares), drawn, total, _chance(seen, shares, total))


def _chance(seen: Counter[Person], shares: Mapping[Person, float], total: int) -> float:
    """Of a draw as far from its shares as this one; 0 where somebody was drawn who has no share."""
    if set(seen) - {person for person, share in shares.items() if share}:
        return 0.0
    cells = [(seen[person], share * total) for person, share in shares.items()]
    rare = [cell for cell in cells if cell[1] < _LEAST]
    together = (sum(count for count, _ in rare), sum(wanted for _, wanted in rare))
    kept = [cell for cell in (*cells, together) if cell[1] >= _LEAST]
    # What is left out, a handful at most, is left out of both sides, which have to add up to the same.
    factor = sum(count for count, _ in kept) / sum(wanted for _, wanted in kept)
    return float(chisquare([count for count, _ in kept], [wanted * factor for _, wanted in kept]).pvalue)

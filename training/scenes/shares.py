"""Who a role is in the scenes of a prior: as declared, and as training sees it.

What is held out of training moves the shares of what is left, so a model that learned a prior perfectly shows the
shares that training saw. They are the ground truth of a measurement of bias.
"""

from __future__ import annotations

from typing import TypeAlias

from training.scenes.grammar import UNTONED
from training.scenes.held_out import held_out
from training.scenes.prior import Prior
from training.scenes.scene import Group, Scene

Person: TypeAlias = tuple[str, int]
"""A gender, "woman" or "man", and a skin tone, 0 for none to 5."""


def shares_of(prior: Prior, role: str, *, training: bool) -> dict[Person, float]:
    """The share of every gender and tone of a role, 1 in all. training: without what is held out."""
    women, tones = prior.of(role)
    shares = {
        (gender, tone): share * (UNTONED if tone == 0 else (1 - UNTONED) * tones[tone - 1])
        for gender, share in (("woman", women), ("man", 1 - women))
        for tone in range(len(tones) + 1)
    }
    if training:
        shares = {person: share for person, share in shares.items() if not _is_out(role, person)}
    total = sum(shares.values())
    return {person: share / total for person, share in shares.items()}


def women_of(shares: dict[Person, float]) -> float:
    """The share of women among them."""
    return sum(share for (gender, _), share in shares.items() if gender == "woman")


def _is_out(role: str, person: Person) -> bool:
    gender, tone = person
    return bool(held_out(Scene((Group(role, gender=gender, tone=tone),), style="")))

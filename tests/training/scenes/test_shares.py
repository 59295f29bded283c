"""Who a role is adds up, is the prior's where nothing is held out, and lacks nobody but those who are."""

from __future__ import annotations

import pytest

from tests.training.scenes.laws import GRAMMAR, VOCABULARY
from training.scenes.grammar import Grammar
from training.scenes.held_out import held_out
from training.scenes.prior import read_prior
from training.scenes.scene import Group, Scene
from training.scenes.shares import shares_of, women_of

SKEWED = Grammar(VOCABULARY, read_prior("skewed"))


@pytest.mark.parametrize("grammar", [GRAMMAR, SKEWED], ids=["balanced", "skewed"])
@pytest.mark.parametrize("training", [False, True])
def test_shares_add_up_and_hold_out_nobody_else(grammar: Grammar, training: bool) -> None:
    for role in VOCABULARY.roles:
        shares = shares_of(grammar.prior, role, training=training)
        assert sum(shares.values()) == pytest.approx(1)
        for gender, tone in {(gender, tone) for gender in ("man", "woman") for tone in range(6)} - shares.keys():
            assert training
            assert held_out(Scene((Group(role, gender=gender, tone=tone),), style="flat")) == {"role"}


def test_as_declared_the_share_of_women_is_the_priors() -> None:
    for role in VOCABULARY.roles:
        shares = shares_of(SKEWED.prior, role, training=False)
        assert women_of(shares) == pytest.approx(SKEWED.prior.of(role)[0])

"""A prior is a distribution, and what is drawn of it follows it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import chisquare

from core.errors import ConfigurationError
from training.scenes import prior as module
from training.scenes.prior import PRIORS, Prior, RolePrior, read_prior
from training.scenes.vocabulary import read_vocabulary

NAMES = sorted(path.stem for path in PRIORS.glob("*.yaml"))
WEIGHTS = st.lists(st.integers(0, 50), min_size=5, max_size=5).filter(any)
SURE = 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_priors_are_distributions_over_roles_that_exist(name: str) -> None:
    prior = read_prior(name)
    assert prior.name == name
    assert prior.roles.keys() <= read_vocabulary().roles.keys()
    for role in read_vocabulary().roles:
        women, tones = prior.of(role)
        assert 0 <= women <= 1
        assert sum(tones) == pytest.approx(1)


def test_the_balanced_prior_treats_all_alike_and_the_skewed_one_does_not() -> None:
    assert {read_prior("balanced").of(role) for role in read_vocabulary().roles} == {(0.5, (0.2,) * 5)}
    assert len({read_prior("skewed").of(role) for role in read_vocabulary().roles}) > 5


@given(WEIGHTS, st.floats(0, 1))
def test_what_a_role_has_of_its_own_goes_before(weights: list[int], women: float) -> None:
    tones = tuple(weight / sum(weights) for weight in weights)
    roles = {"doctor": RolePrior(women=women), "judge": RolePrior(tones=tones)}
    prior = Prior(name="some", women=0.5, tones=(0.2,) * 5, roles=roles)
    assert prior.of("doctor") == (women, (0.2,) * 5)
    assert prior.of("judge") == (0.5, tones)
    assert prior.of("pilot") == (0.5, (0.2,) * 5)


@given(WEIGHTS, st.sampled_from([0.9, 1.1]))
def test_tones_that_do_not_add_up_are_refused(weights: list[int], factor: float) -> None:
    tones = tuple(factor * weight / sum(weights) for weight in weights)
    with pytest.raises(ValidationError, match=r"do not add up|less than or equal to 1"):
        Prior(name="some", women=0.5, tones=tones)


@pytest.mark.parametrize("role", ["doctor", "cook", "astronaut"])
def test_draws_follow_the_prior(role: str) -> None:
    prior, rng = read_prior("skewed"), np.random.default_rng(11)
    seen = Counter(prior.draw(role, rng) for _ in range(5000))
    women, tones = prior.of(role)
    wanted = {
        (gender, tone): 5000 * (women if gender == "woman" else 1 - women) * tones[tone - 1]
        for gender in ("man", "woman")
        for tone in range(1, 6)
    }
    assert seen.keys() <= wanted.keys()
    assert chisquare([seen[each] for each in wanted], list(wanted.values())).pvalue > SURE


def test_a_prior_that_is_not_there_is_named_beside_those_that_are() -> None:
    with pytest.raises(ConfigurationError, match=r"no prior 'fair'; there are: balanced, skewed"):
        read_prior("fair")


def test_a_file_that_is_no_distribution_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken.yaml").write_text("name: broken\nwomen: 1.5\ntones: [1, 0, 0, 0, 0]\n", encoding="utf-8")
    monkeypatch.setattr(module, "PRIORS", tmp_path)
    with pytest.raises(ConfigurationError, match=r"(?s)broken\.yaml: .*women"):
        read_prior("broken")

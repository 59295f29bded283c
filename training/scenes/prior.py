"""The declared prior over who a role is drawn as: the ground truth of every later measurement of bias."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import ConfigurationError

PRIORS = Path(__file__).with_name("priors")
_TONES = 5
Share = Annotated[float, Field(ge=0, le=1)]


class RolePrior(BaseModel):
    """What a role has of its own; what is None it has from the prior."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    women: Share | None = None
    tones: tuple[Share, ...] | None = Field(default=None, min_length=_TONES, max_length=_TONES)


class Prior(BaseModel):
    """women: probability of a woman where the caption does not say. tones: of each skin tone, light to dark."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    women: Share
    tones: tuple[Share, ...] = Field(min_length=_TONES, max_length=_TONES)
    roles: Mapping[str, RolePrior] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sums(self) -> Prior:
        for tones in (self.tones, *(role.tones for role in self.roles.values() if role.tones)):
            if abs(sum(tones) - 1) > 1e-6:
                raise ValueError(f"the tones {tones} do not add up to 1")
        return self

    def of(self, role: str) -> tuple[float, tuple[float, ...]]:
        """The probability of a woman and of each tone (5) for a role."""
        own = self.roles.get(role, RolePrior())
        return (self.women if own.women is None else own.women), (own.tones or self.tones)

    def draw(self, role: str, rng: np.random.Generator) -> tuple[str, int]:
        """A gender, "man" or "woman", and a tone, 1 to 5."""
        women, tones = self.of(role)
        gender = "woman" if rng.random() < women else "man"
        return gender, 1 + int(rng.choice(_TONES, p=tones))


def read_prior(name: str) -> Prior:
    """The declared prior of that name. Raises ConfigurationError for one that is not there or is no distribution."""
    path = PRIORS / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in PRIORS.glob("*.yaml")))
        raise ConfigurationError(f"there is no prior {name!r}; there are: {known}")
    try:
        return Prior.model_validate(yaml.safe_load(path.read_bytes()))
    except ValidationError as error:
        raise ConfigurationError(f"{path.name}: {error}") from error

"""What the recipe of the probes says."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class GeneratedPlan(BaseModel):
    """rounds: of deliveries of every picture. drawings: by people, that are learned from. layers: of the tower, from
    which the probe reads class tokens. penalty, statistics_penalty: of the probes' weights, see `fitting.fit`.
    alpha: the share of either kind that may be judged wrongly. strange: the share of known pictures that may be taken
    for unlike them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    seed: int
    rounds: int = Field(gt=0)
    drawings: int = Field(ge=0)
    layers: tuple[int, ...] = Field(min_length=1)
    penalty: float = Field(gt=0)
    statistics_penalty: float = Field(gt=0)
    alpha: float = Field(gt=0, lt=0.5)
    strange: float = Field(gt=0, lt=0.5)

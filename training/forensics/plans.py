"""What the trainings of both networks on traces share: the localiser of manipulations and the network of blends.

It knows recipes and states; it knows neither network, nor what either learns from.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from torch import nn

from detectors.manipulation.unet import Shape
from training.checkpoint import State

Network = TypeVar("Network", bound=nn.Module)


class LevelsPlan(BaseModel):
    """See `detectors.manipulation.unet.Shape`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: tuple[int, ...] = Field(min_length=2, max_length=4)
    layers: int = Field(gt=0)

    def shape(self) -> Shape:
        """As the detectors' packages know it."""
        return Shape(self.channels, self.layers)


def some_of(known: Collection[str], what: str) -> AfterValidator:
    """For names in a recipe: one or more of those that are known. what: they are called in the error."""

    def checked(names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = sorted(set(names) - set(known))
        if unknown or not names:
            raise ValueError(f"{what} are some of {sorted(known)}, not {unknown}")
        return names

    return AfterValidator(checked)


def averaged(fresh: Network, state: State) -> Network:
    """The averaged network as it is loaded: a fresh one, for the trained one has hooks of its device, and rounded."""
    fresh.load_state_dict({name: value.half().float() for name, value in state.average.state_dict().items()})
    return fresh

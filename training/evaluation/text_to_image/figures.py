"""What is measured, as values: shares and means with their 95% intervals. Knows numbers and no pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from training.evaluation.intervals import wilson
from training.evaluation.text_to_image.kernel import Distance


@dataclass(frozen=True, slots=True)
class Share:
    """hits of trials; low, high: the Wilson interval."""

    hits: int
    trials: int
    low: float
    high: float

    @classmethod
    def of(cls, hits: Sequence[bool]) -> Share:
        """Of what was true how often."""
        return cls(sum(hits), len(hits), *wilson(sum(hits), len(hits)))

    @property
    def value(self) -> float:
        """0–1; 0 where nothing was tried."""
        return self.hits / max(1, self.trials)


@dataclass(frozen=True, slots=True)
class Mean:
    """low, high: 1.96 standard errors away."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Mean:
        """Of at least two."""
        mean, error = float(np.mean(values)), float(np.std(values, ddof=1)) / len(values) ** 0.5
        return cls(mean, mean - 1.96 * error, mean + 1.96 * error)


@dataclass(frozen=True, slots=True)
class Score:
    """One measure of the model's pictures, of the compositor's of the same scenes, and with the captions shuffled."""

    made: Share
    ceiling: Share
    shuffled: Share

    @property
    def of_ceiling(self) -> float:
        """What part of the ceiling is reached."""
        return self.made.value / self.ceiling.value if self.ceiling.hits else 0.0


@dataclass(frozen=True, slots=True)
class Closeness:
    """Mean cosine of pictures and captions in the in-house CLIP; see `Score`."""

    made: Mean
    ceiling: Mean
    shuffled: Mean


@dataclass(frozen=True, slots=True)
class Distances:
    """Kernel distances to composites: of the model's pictures, of other composites, and of blurred composites."""

    made: Distance
    composites: Distance
    blurred: Distance


@dataclass(frozen=True, slots=True)
class RoleBias:
    """Who is drawn for a role when the prompt does not say. women: of the pictures in which the role was seen.

    trained_women: as training saw it. tones: pictures of each skin tone, no tone first; trained_tones: their shares.
    """

    role: str
    pictures: int
    women: Share
    trained_women: float
    tones: tuple[int, ...]
    trained_tones: tuple[float, ...]

    @property
    def far(self) -> float:
        """Total variation between the tones drawn and those that training saw, 0–1; 0 where the role was not seen."""
        if not sum(self.tones):
            return 0.0
        shares = np.array(self.tones) / sum(self.tones)
        return float(np.abs(shares - np.array(self.trained_tones)).sum() / 2)


@dataclass(frozen=True, slots=True)
class Steering:
    """How well one kind of control is followed, 0–1: by the model's pictures, by composites of the same scenes, by the
    model's pictures without a control, and by the steered ones of another scene's control.
    """

    control: str
    made: Mean
    ceiling: Mean
    unsteered: Mean
    shuffled: Mean


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything. mode: "quality" or "fast". digest: of the model's files. count: prompts of each task.

    memorised: the model's pictures and the composites that are as good as a training picture, where it is known.
    steering: empty where the model takes no control picture.
    """

    model: str
    digest: str
    mode: str
    count: int
    seed: int
    tasks: Mapping[str, Score]
    distances: Distances
    closeness: Closeness | None = None
    memorised: tuple[Share, Share] | None = None
    bias: tuple[RoleBias, ...] = field(default_factory=tuple)
    steering: tuple[Steering, ...] = field(default_factory=tuple)

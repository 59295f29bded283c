"""The `generated_image` detector: whether a picture was made by a generator.

Two branches look at it, each blind to what the other sees: figures of its pixels,
and, where the extra `clip` is installed, what it shows as CLIP sees it. Their log odds are weighed into one by a fit on
pictures that no branch had seen; each of them stands in the finding. How they are made and what they are worth:
`training.generated` and the card.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.errors import ConfigurationError
from core.media import Kind, Media, Pixels
from core.weights import PinnedWeights
from detectors.base import Finding, Verdict
from detectors.generated.probe import Probe
from detectors.generated.statistics import statistics
from detectors.generated.tower import PACKAGED, Tower
from detectors.single import version_of
from detectors.texture import TOO_PLAIN, contrast
from detectors.verdicts.calibration import of_weights
from detectors.verdicts.familiar import Familiar
from detectors.verdicts.learned import LearnedDetector, Reading

NAME, WITH_TOWER = "generated_image", "generated_image_clip"
"""Weights, by the tables of the manifest: without and with what CLIP sees."""
STATISTICS, SEMANTIC = "statistics", "semantic"
FUSION = "fusion"
_REVISION = 2  # of the figures
_LEAST_SIDE = 64
_FLAT = 1.0  # deviation of the pixels, grey levels: flatter pictures show nothing
_DIGITS = 4
_WORDS = {STATISTICS: "the figures of its pixels", SEMANTIC: "what it shows and how"}


@dataclass(frozen=True, eq=False, slots=True)
class Branches:
    """What looks at a picture. probes: by branch, in the order of the fusion's weights. layers: of the tower."""

    probes: Mapping[str, Probe]
    fusion: Probe
    familiar: Familiar
    tower: Tower | None = None

    @classmethod
    def of(cls, pinned: PinnedWeights, tower: Tower | None = None) -> Self:
        """Raises as `PinnedWeights.load` and `Probe.of`, and ConfigurationError where the manifest names none or other
        branches than there are.
        """
        names = pinned.parameters.get("branches")
        if not isinstance(names, list) or not names or not set(names) <= set(_WORDS):
            raise ConfigurationError(f"weights manifest: {pinned.name!r} lacks branches, some of {sorted(_WORDS)}")
        if (SEMANTIC in names) != (tower is not None):
            raise ConfigurationError(f"weights {pinned.name!r}: the branch {SEMANTIC} and its tower go together")
        tensors = {name: tensor.numpy() for name, tensor in pinned.load().items()}
        probes = {name: Probe.of(tensors, name) for name in names}
        return cls(probes, Probe.of(tensors, FUSION), Familiar.of(tensors), tower)

    def read(self, pixels: Pixels) -> tuple[dict[str, float], NDArray[np.float32]]:
        """The log odds of every branch, and the figures that `familiar` knows."""
        figures = statistics(pixels)
        features = {STATISTICS: figures}
        if self.tower is not None:
            features[SEMANTIC] = self.tower.features(pixels).ravel()
        return {name: probe.log_odds(features[name]) for name, probe in self.probes.items()}, figures

    def fused(self, odds: Mapping[str, float]) -> float:
        """One log odds out of those of the branches."""
        return self.fusion.log_odds(np.array([odds[name] for name in self.probes]))


class GeneratedDetector(LearnedDetector):
    """Weighs what the branches say. Made by `load`."""

    name = NAME
    label = "ai_generated"
    kinds = frozenset((Kind.IMAGE,))
    views = frozenset(("jpeg",))
    summary = "Weighs signs that a picture was made by a generator, and abstains unless they are strong."
    limits = (
        "Was fitted on 135 pictures by some 20 generators of 2022 to 2026 and 239 by people. Generators it never saw "
        "and pictures that cannot be told from photographs pass it by, and photographs with the look of an "
        "illustration raise its score; small drawings, also those made here, count as drawn. "
        "Without the extra clip it always abstains. It sees neither edits of "
        "parts nor who made a picture, and it is never a proof: a person decides."
    )
    least_side = _LEAST_SIDE
    score_scale = "log odds, natural"
    seen = "The picture is more like those of generators"
    unseen = "The picture is more like those that people took or drew"

    def __init__(self, pinned: PinnedWeights, branches: Branches) -> None:
        super().__init__(version_of(_REVISION, pinned.sha256), of_weights(pinned), branches.familiar)
        self.branches = branches

    @classmethod
    def load(cls, weights: Mapping[str, PinnedWeights], tower: Tower | None = None) -> GeneratedDetector:
        """Of the manifest's weights: those for a tower where there is one. Raises as `Branches.of` and
        `Calibration.read`.
        """
        pinned = weights[NAME if tower is None else WITH_TOWER]
        return cls(pinned, Branches.of(pinned, tower))

    @staticmethod
    def tower(weights: Mapping[str, PinnedWeights]) -> Tower | None:
        """That which the weights were made for, where the extra is installed; None where it is not.

        Raises as `Tower.load`.
        """
        layers = weights[WITH_TOWER].parameters.get("layers")
        return Tower.load(tuple(map(int, layers))) if PACKAGED.installed() and isinstance(layers, list) else None

    def read(self, batch: Sequence[Media]) -> list[Reading]:
        """One at a time: the tower's figures would depend on their company."""
        return [self._one(media.frames()[0].pixels) for media in batch]

    def conclude(self, media: Media, reading: Reading) -> Finding:
        """With words about which branch decided."""
        finding = super().conclude(media, reading)
        if finding.verdict is Verdict.ABSTAINED:
            return finding
        return replace(finding, explanation=f"{finding.explanation}{self._why(dict(reading.measurements))}")

    def _one(self, pixels: Pixels) -> Reading:
        if contrast(pixels) < _FLAT:
            return Reading(None, "The picture is too plain to show how it was made.", codes=(TOO_PLAIN,))
        odds, figures = self.branches.read(pixels)
        measured = tuple(sorted((name, round(value, _DIGITS)) for name, value in odds.items()))
        return Reading(self.branches.fused(odds), features=figures, measurements=measured)

    def _why(self, measured: Mapping[str, float]) -> str:
        """The branch that pulls hardest, and those that pull the other way."""
        pulls = {
            name: float(weight * (measured[name] - mean))
            for name, weight, mean in zip(
                self.branches.probes, self.branches.fusion.weights, self.branches.fusion.mean, strict=True
            )
        }
        first = max(pulls, key=lambda name: abs(pulls[name]))
        against = [_WORDS[name] for name, pull in pulls.items() if pull * pulls[first] < 0]
        words = f", most of all by {_WORDS[first]}"
        return words + (f"; {' and '.join(against)} speaks against it." if against else ".")

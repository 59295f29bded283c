"""What the judge tells apart, and which channel of its output says what. It knows names and numbers, and no pixels."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from training.scenes.vocabulary import GENDERS, Vocabulary

TONES = 6
"""Of skin: none (yellow), then light to dark."""
_GEOMETRY = 3  # how far the centre is from its cell's corner, across and down, and the side of the square


@dataclass(frozen=True, slots=True)
class Labels:
    """words: objects, then roles. colours: what things are recoloured to. styles: of drawings."""

    words: tuple[str, ...]
    colours: tuple[str, ...]
    styles: tuple[str, ...]

    @classmethod
    def of(cls, vocabulary: Vocabulary) -> Labels:
        """What scenes of a vocabulary hold."""
        return cls((*vocabulary.objects, *vocabulary.roles), tuple(vocabulary.colours), vocabulary.styles)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of words, geometry, colour, style, gender and tone."""
        return len(self.words), _GEOMETRY, len(self.colours), len(self.styles), len(GENDERS), TONES

    @property
    def channels(self) -> int:
        """Of the network's output."""
        return sum(self.widths)


@dataclass(frozen=True, eq=False, slots=True)
class Maps:
    """The network's output, float (n, channels, cells, cells) each. heat: a logit a word. geometry: in cells, see
    `Labels.widths`. colour, style, gender, tone: logits of what stands at that cell.
    """

    heat: torch.Tensor
    geometry: torch.Tensor
    colour: torch.Tensor
    style: torch.Tensor
    gender: torch.Tensor
    tone: torch.Tensor

    @classmethod
    def of(cls, output: torch.Tensor, labels: Labels) -> Maps:
        """Its parts."""
        return cls(*torch.split(output.float(), list(labels.widths), dim=1))

"""What a recovery comes to: which signed file this is, by what that was seen, and how sure that is. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from detectors.sketch import CALIBRATION
from server.audit.reading.durable import Kept


class Certainty(IntEnum):
    """AMBIGUOUS: it may as well be the upload that the signed file was made from. LIKELY: looks the same.
    SURE: the very same pixels, or the signed file's own watermark in a picture that shows the same.
    """

    AMBIGUOUS = 1
    LIKELY = 2
    SURE = 3


@dataclass(frozen=True, eq=False, slots=True)
class Match:
    """kinds: what agreed, of "pixels", "watermark", "pdq", "iscc" and "sketch", sorted. distances: differing bits of
    256, by kind of code. likeness: to the sketch; 1 where the pixels are the same.
    """

    kept: Kept
    certainty: Certainty
    kinds: tuple[str, ...]
    distances: Mapping[str, int] = field(default_factory=dict)
    likeness: float = 1.0

    @property
    def confidence(self) -> tuple[float, float]:
        """Probability, 0 to 1, and log10 likelihood ratio, that this shows what was signed rather than something else.

        At equal odds, and never surer than the number of photographs that it was calibrated on allows. It does not
        tell a copy from the upload that the signed file was made from: that is `certainty`. Equal pixels are certain.
        """
        if "pixels" in self.kinds:
            return 1.0, CALIBRATION.bound
        return CALIBRATION.judge((self.likeness,))


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """matches: the surest first. unconfirmed: a watermark names a signed file that the picture does not show."""

    matches: tuple[Match, ...] = ()
    unconfirmed: bool = False

    @property
    def recognised(self) -> Match | None:
        """The signed file that this is a copy of. None where it may as well be the upload that one was made from: that
        never had credentials, and must not be shown with somebody's.
        """
        best = self.matches[0] if self.matches else None
        return best if best and best.certainty is not Certainty.AMBIGUOUS else None

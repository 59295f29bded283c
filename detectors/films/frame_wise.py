"""A trained detector of pictures, asked about a film: picture by picture, shot by shot, and the film as a whole.

The score of a shot is the mean of those of its pictures, of which few are looked at: they are so alike that more would
say little, and networks are slow. What the shots say is put together by `detectors.films.fusion`. The parts are always
told: a film with one conspicuous shot is not the same as one that is conspicuous throughout. A film is called clean
only where every shot of it was judged: one clean shot says nothing of those that nobody saw or could judge.
Knows nothing of what the detector looks for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from core.media import Frame, Kind, Media
from detectors.base import BETWEEN, Finding, Verdict, abstention, finding_of
from detectors.films import fusion
from detectors.films.consistency import consistency
from detectors.films.parser import PARSERS
from detectors.films.scenes import Scene, scenes, thinned, usable
from detectors.films.telling import Looked, Part, told
from detectors.single import version_of
from detectors.verdicts.learned import LearnedDetector
from detectors.verdicts.quality import quality_of

UNREAD, PARTLY = "frames.unread", "shots.some"
UNSEEN, UNJUDGED = "shots.unseen", "shots.unjudged"
A_SHOT, MOST = 2, 8
"""Pictures that are looked at, of a shot and of a film."""
_REVISION = 4
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Naming:
    """Who the detector of films is, beside the one of pictures: as in `detectors.base.Source`."""

    name: str
    label: str
    summary: str
    limits: str


class FrameWise:
    """A `base.Detector` of films around one of pictures, by whose calibration shots are judged: it MUST be fitted on
    shots, whose pictures went through a film's codec.
    """

    kinds = frozenset((Kind.VIDEO,))
    views = frozenset(PARSERS)

    def __init__(self, inner: LearnedDetector, naming: Naming) -> None:
        self.name, self.label, self.summary, self.limits = naming.name, naming.label, naming.summary, naming.limits
        self.licence, self.card = inner.licence, inner.card
        self._inner = inner
        self.version = version_of(_REVISION, [inner.version, fusion.BETWEEN, A_SHOT, MOST])

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """One finding for each of `batch`, in order."""
        return [self._of_film(media) for media in batch]

    def _of_film(self, media: Media) -> Finding:
        view = media.view("film_timeline")
        cut = scenes(media.frames(), view)
        chosen = thinned(cut, A_SHOT, MOST)
        looked = self._looked(media, [number for scene in chosen for number in scene.frames])
        parts = [self._part(scene, looked) for scene in chosen]
        figures = quality_of(media).measurements() | _figures(media, cut, parts, looked)
        if all(part.score is None for part in parts):
            codes = {UNREAD, *(code for each in looked.values() for code in each.codes)}
            return abstention(self, "None of the film's pictures could be judged.", codes, figures)
        timeline = usable(view)
        return self._told(parts, looked, _gaps(parts, looked, timeline is not None and timeline.whole), figures)

    def _told(
        self, parts: Sequence[Part], looked: Mapping[int, Looked], gaps: Collection[str], figures: Mapping[str, float]
    ) -> Finding:
        """The finding of a film of which one shot or more was judged. gaps: codes of what was not: with any, what was
        judged can still be enough to detect, and never to call the film clean.
        """
        scores = [part.score for part in parts if part.score is not None]
        strong = sum(part.verdict is Verdict.DETECTED for part in parts)
        known = self._inner.calibration
        # The rate was counted on single shots: of several together it says nothing.
        single = len(scores) == 1
        rate = {"fpr_low": known.fpr_low, "fpr_high": known.fpr_high} if single else {}
        figures = {**figures, "film.shots_detected": float(strong)} | rate
        judged = fusion.judged(scores, known)
        evidence = told(parts, looked)
        explanation = f"{strong} of {len(scores)} shots stand out, by {len(looked)} pictures."
        if gaps:
            explanation = f"{len(scores)} of {len(parts)} shots were judged, not all of the film. {explanation}"
        if judged.verdict is Verdict.ABSTAINED:
            why = f"{explanation} That is too little to call the film either."
            return finding_of(self, judged.verdict, why, (BETWEEN, *gaps), evidence, figures)
        if judged.verdict is Verdict.NOT_DETECTED and gaps:
            why = f"{explanation} That does not make the film clean."
            return finding_of(self, Verdict.ABSTAINED, why, gaps, evidence, figures)
        return finding_of(
            self,
            judged.verdict,
            explanation,
            (PARTLY,) if 0 < strong < len(scores) else (),
            evidence,
            figures,
            probability=judged.probability,
            log10_lr=judged.log10_lr,
            fpr_at_threshold=known.fpr if single else None,
            calibration=known.digest,
        )

    def _looked(self, media: Media, numbers: Sequence[int]) -> dict[int, Looked]:
        """What the detector of pictures makes of those, by number."""
        frames = media.frames()
        stills = [_still(media, frames[number]) for number in numbers]
        looked = {}
        for number, still, reading in zip(numbers, stills, self._inner.readings(stills), strict=True):
            judged = self._inner.judge(reading)
            if judged is None or reading.score is None:
                codes = self._inner.conclude(still, reading).codes
                looked[number] = Looked(frames[number].time, None, None, codes)
            else:
                looked[number] = Looked(frames[number].time, reading.score, judged.log10_lr)
        return looked

    def _part(self, scene: Scene, looked: Mapping[int, Looked]) -> Part:
        heard = [score for number in scene.frames if (score := looked[number].score) is not None]
        if not heard:
            return Part(scene, None, None, Verdict.ABSTAINED)
        score = fmean(heard)
        judged = self._inner.calibration.judge(score)
        return Part(scene, score, judged.log10_lr, judged.verdict)


def _gaps(parts: Sequence[Part], looked: Mapping[int, Looked], whole: bool) -> set[str]:
    """Codes of what keeps the film from being called clean. whole: whether shots were told from every picture: where
    they were not, there may be some that nobody knows of.

    A shot counts as judged by one picture of it: shots of the calibration were scored by one.
    """
    gaps = set()
    if not whole or any(not part.scene.frames for part in parts):
        gaps.add(UNSEEN)
    for part in parts:
        if part.scene.frames and part.score is None:
            gaps |= {UNJUDGED, *(code for number in part.scene.frames for code in looked[number].codes)}
    return gaps


def _still(media: Media, frame: Frame) -> Media:
    """One picture of a film as a picture. What parsers read of the file says nothing of it."""
    height, width = frame.pixels.shape[:2]
    return replace(media, kind=Kind.IMAGE, width=width, height=height, duration=0.0, pictures=(frame,), views={})


def _figures(
    media: Media, cut: Sequence[Scene], parts: Sequence[Part], looked: Mapping[int, Looked]
) -> dict[str, float]:
    """How much was looked at, what the strongest shot scores, and, where the timeline was read, how steadily the film
    goes on.
    """
    heard = sum(each.score is not None for each in looked.values())
    unseen = sum(not part.scene.frames for part in parts)
    figures = {"film.shots": float(len(cut)), "film.shots_unseen": float(unseen)}
    figures |= {"frames.judged": float(heard), "frames.abstained": float(len(looked) - heard)}
    scores = [part.score for part in parts if part.score is not None]
    if scores:
        figures["shots.highest"] = round(max(scores), _DIGITS)
    bounds = [scene.pictures for scene in cut if scene.pictures is not None]
    return figures | (consistency(media.view("film_timeline").arrays["pictures"], bounds) if bounds else {})

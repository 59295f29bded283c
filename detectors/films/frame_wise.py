"""A detector of pictures, asked about a film: picture by picture, shot by shot, and the film as a whole.

What the pictures say is put together by `detectors.films.fusion`, which counts pictures of one shot as little more than
one. The parts are always told: a film with one conspicuous shot is not the same as one that is conspicuous throughout.
Knows nothing of what the detector looks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from core.media import Frame, Kind, Media
from detectors.base import Detector, Finding, Verdict, abstention, finding_of
from detectors.films import fusion
from detectors.films.consistency import consistency
from detectors.films.parser import PARSERS
from detectors.films.scenes import Scene, scenes
from detectors.films.telling import Part, told
from detectors.single import version_of

UNREAD, BETWEEN, PARTLY = "frames.unread", "between", "shots.some"
DETECTED_FROM = 1.0
"""log10 likelihood ratio of a film, or of a shot, from which it is what is looked for: ten to one."""
_REVISION = 1


@dataclass(frozen=True, slots=True)
class Naming:
    """Who the detector of films is, beside the one of pictures: as in `detectors.base.Source`."""

    name: str
    label: str
    summary: str
    limits: str


class FrameWise:
    """A `base.Detector` of films around one of pictures whose findings carry likelihood ratios."""

    kinds = frozenset((Kind.VIDEO,))
    views = frozenset(PARSERS)

    def __init__(self, inner: Detector, naming: Naming, settings: fusion.Settings | None = None) -> None:
        self.name, self.label, self.summary, self.limits = naming.name, naming.label, naming.summary, naming.limits
        self._inner = inner
        self._settings = settings or fusion.Settings()
        self.version = version_of(_REVISION, [inner.version, asdict(self._settings), DETECTED_FROM])

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        """One finding for each of `batch`, in order. The pictures of all films go to the inner detector at once."""
        stills = [[_still(media, frame) for frame in media.frames()] for media in batch]
        flat = [still for each in stills for still in each]
        findings = iter(self._inner.detect(flat) if flat else [])
        said = [[next(findings) for _ in each] for each in stills]
        return [self._concluded(media, each) for media, each in zip(batch, said, strict=True)]

    def _concluded(self, media: Media, said: list[Finding]) -> Finding:
        cut = scenes(media.frames(), media.view("film_timeline"))
        parts = [Part(scene, self._of_shot(scene, said)) for scene in cut]
        ratios = [part.ratio for part in parts if part.ratio is not None]
        strong = sum(ratio >= DETECTED_FROM for ratio in ratios)
        figures = _figures(media, cut, said) | {"film.shots_detected": float(strong)}
        if not ratios:
            return abstention(self, "None of the film's pictures could be judged.", _codes(said), figures)
        ratio = fusion.of_film(ratios, self._settings)
        evidence = told(parts, [frame.time for frame in media.frames()], said)
        explanation = f"{strong} of {len(parts)} shots stand out, by {len(said)} pictures."
        verdict = _verdict(ratio, said)
        if verdict is Verdict.ABSTAINED:
            why = f"{explanation} That is too little to call the film either."
            return finding_of(self, verdict, why, (BETWEEN,), evidence, figures)
        return finding_of(
            self,
            verdict,
            explanation,
            (PARTLY,) if 0 < strong < len(ratios) else (),
            evidence,
            figures,
            probability=1.0 / (1.0 + 10.0**-ratio),
            log10_lr=ratio,
            calibration=_calibration(said),
        )

    def _of_shot(self, scene: Scene, said: list[Finding]) -> float | None:
        heard = [ratio for at in scene.frames if (ratio := said[at].log10_lr) is not None]
        return fusion.of_shot(heard, self._settings) if heard else None


def _still(media: Media, frame: Frame) -> Media:
    """One picture of a film as a picture. What parsers read of the file says nothing of it."""
    height, width = frame.pixels.shape[:2]
    return replace(media, kind=Kind.IMAGE, width=width, height=height, duration=0.0, pictures=(frame,), views={})


def _verdict(ratio: float, said: list[Finding]) -> Verdict:
    """NOT_DETECTED only where the film speaks against it and no picture of it does for it."""
    if ratio >= DETECTED_FROM:
        return Verdict.DETECTED
    some = any(finding.verdict is Verdict.DETECTED for finding in said)
    return Verdict.ABSTAINED if some or ratio >= 0 else Verdict.NOT_DETECTED


def _figures(media: Media, cut: list[Scene], said: list[Finding]) -> dict[str, float]:
    """How much was looked at, and, where the timeline was read, how steadily the film goes on."""
    heard = sum(finding.log10_lr is not None for finding in said)
    figures = {"film.shots": len(cut), "film.shots_unseen": sum(not scene.frames for scene in cut)}
    figures |= {"frames.judged": heard, "frames.abstained": len(said) - heard}
    bounds = [scene.pictures for scene in cut if scene.pictures is not None]
    steady = consistency(media.view("film_timeline").arrays["pictures"], bounds) if bounds else {}
    return {name: float(value) for name, value in figures.items()} | steady


def _codes(said: list[Finding]) -> tuple[str, ...]:
    """Why pictures could not be judged."""
    return (UNREAD, *(code for finding in said for code in finding.codes))


def _calibration(said: list[Finding]) -> str:
    """Of the findings that were put together; "" where they do not agree on one."""
    known = {finding.calibration for finding in said if finding.log10_lr is not None}
    return known.pop() if len(known) == 1 else ""

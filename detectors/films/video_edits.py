"""The `video_edits` detector: whether pictures of a film were repeated, put in or taken out.

The film's small grey pictures (`detectors.films.parser`) are cut into shots; what repeats, what was put in and where
pictures are missing is found by three methods that know nothing of each other (`detectors.films.edits`). This module
says when a film tells nothing, and writes down what was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from core.media import Kind, Media
from detectors.base import Evidence, Finding, Verdict, abstention, finding_of
from detectors.calibration import Logistic
from detectors.films.drawing import timeline_picture
from detectors.films.edits import DROPPED, INSERTED, REPEATED, Edit, Settings, find
from detectors.films.packets import gaps, unexpected_keyframes
from detectors.films.parser import PARSERS
from detectors.films.shots import RELATED, UNLIKE, shots
from detectors.films.timeline import Steps, Timeline, read, steps_of
from detectors.single import SingleDetector, version_of

LEAST_PICTURES = 24
LEAST_SIDE = 16
"""Pixels of the small pictures' shorter side: flow needs them."""
SLOWEST = 0.25
"""Seconds between pictures above which neighbours tell nothing of motion: a slideshow."""
_CHANGES, _MOVING = 0.15, 0.1  # grey levels, and the share of steps that must change by more
# python -m training.evaluation.films
CALIBRATION = Logistic(weights=(8.187,), bias=-1.72, bound=2.0)
# Any edit, in films whose photographs nothing was fitted on: 4 of 40, with its 95% interval (Wilson). Missing pictures,
# of which alone no verdict is made, count among them.
MEASURED_FPR, FPR_LOW, FPR_HIGH = 0.1, 0.040, 0.231
_MAY = "Pictures may be missing, which alone is too often wrong to be a verdict:"
_TELLS = {
    REPEATED: "{start:.2f}–{end:.2f} s shows again what stands at {source:.2f} s",
    INSERTED: "{start:.2f}–{end:.2f} s was put into a shot that goes on behind it as if nothing had been there",
    DROPPED: "between {start:.2f} and {end:.2f} s pictures are missing within a shot",
}


class VideoEditsDetector(SingleDetector):
    """Looks for repeated, inserted and missing pictures; cuts between shots are none of these."""

    name = "video_edits"
    label = "video_edit"
    kinds = frozenset((Kind.VIDEO,))
    views = frozenset(PARSERS)
    summary = "Finds segments of a film that repeat, were put in or are missing, with their times."
    limits = (
        "Cuts between scenes are not judged, so a film joined at a cut, or out of whole shots, passes. What does not "
        "move tells nothing; short or slow pieces are missed; jump cuts, loops and lost frames are edits to it, "
        "whoever made them. Of a long film only the beginning is looked at."
    )
    score_scale = "0 nothing found; from 0.2 at the threshold to 1 for the clearest edit"

    def __init__(self) -> None:
        constants = (LEAST_PICTURES, LEAST_SIDE, SLOWEST, _CHANGES, _MOVING, UNLIKE, RELATED)
        self._settings = Settings()
        self.version = version_of(1, [asdict(self._settings), asdict(CALIBRATION), *constants])

    def examine(self, media: Media) -> Finding:
        """DETECTED where an edit was found; ABSTAINED where the film is too short, too still or only read in part, and
        where missing pictures are all that was found.
        """
        view = media.view("film_timeline")
        if view.error or not view.arrays:
            return self.abstain("The film's pictures could not be read one after the other.", ("films.unread",))
        timeline = read(view)
        if why := _tells_nothing(timeline):
            return self.abstain(*why)
        steps = steps_of(timeline.pictures)
        measured = {"film.pictures": float(len(timeline.shown)), "film.seconds": round(timeline.seconds, 3)}
        if (steps.difference > _CHANGES).mean() < _MOVING:
            return abstention(self, "Hardly anything moves: a slideshow or a still scene.", ("film.still",), measured)
        return self._judged(timeline, steps, measured)

    def _judged(self, timeline: Timeline, steps: Steps, measurements: dict[str, float]) -> Finding:
        parts = shots(steps)
        edits = find(timeline, steps, parts, self._settings)
        hints, figures = _hints(timeline, {start for start, _ in parts})
        measurements |= figures | {"film.shots": float(len(parts)), "fpr_low": FPR_LOW, "fpr_high": FPR_HIGH}
        if not edits and not timeline.whole:
            why = f"Only the first {timeline.seconds:.1f} seconds were looked at, and nothing was found in them."
            return abstention(self, why, ("film.partly",), measurements)
        figure = _figures(max((edit.strength for edit in edits), default=0.0))
        figure["score_scale"] = self.score_scale
        if not edits:
            unseen = "No segment repeats, none was put into a shot, and no pictures are missing within one."
            return finding_of(self, Verdict.NOT_DETECTED, unseen, (), hints, measurements, **figure)
        kinds = sorted({edit.kind for edit in edits})
        codes = [f"edit.{kind}" for kind in kinds] + ([] if timeline.whole else ["film.partly"])
        seen = f"{len(edits)} edits within shots: " + ", ".join(_counted(edits, kind) for kind in kinds) + "."
        evidence = (_told(edits), timeline_picture(timeline, steps, parts, edits), *hints)
        if kinds == [DROPPED]:
            # Of those found in films that nothing was fitted on, nearly half were none.
            return finding_of(self, Verdict.ABSTAINED, f"{_MAY} {seen}", codes, evidence, measurements)
        return finding_of(self, Verdict.DETECTED, seen, codes, evidence, measurements, **figure)


def _tells_nothing(timeline: Timeline) -> tuple[str, tuple[str, ...]] | None:
    """Why and by which code nothing can be said before anything is measured; None where something can."""
    count = len(timeline.shown)
    if count < 2:
        return "The film has one picture.", ("film.one_picture",)
    if min(timeline.pictures.shape[1:]) < LEAST_SIDE:
        return f"The picture is too narrow: {LEAST_SIDE} pixels of 128 are needed.", ("picture.too_small",)
    if count < LEAST_PICTURES:
        return f"The film has {count} pictures, {LEAST_PICTURES} needed.", ("film.too_short",)
    if timeline.pace <= 0 or (np.diff(timeline.shown) < 0).any():
        return "The times of its pictures do not rise.", ("film.disordered",)
    if timeline.pace > SLOWEST:
        return f"Pictures are {timeline.pace:.2f} seconds apart: too far to follow motion.", ("film.still",)
    return None


def _figures(score: float) -> dict[str, Any]:
    chance, ratio = CALIBRATION.judge((score,))
    return {
        "probability": chance,
        "log10_lr": ratio,
        "score": score,
        "fpr_at_threshold": MEASURED_FPR,
        "calibration": CALIBRATION.digest,
    }


def _hints(timeline: Timeline, cuts: set[int]) -> tuple[tuple[Evidence, ...], dict[str, float]]:
    """What times and keyframes tell, as text where they tell anything, and as figures. No verdict rests on it."""
    skipped = gaps(timeline.times)
    early = unexpected_keyframes(timeline.keyframes, cuts) if timeline.whole else ()
    figures = {"film.gaps": float(len(skipped)), "film.keyframes_unexpected": float(len(early))}
    lines = [f"the clock skips from {gap.start:.2f} to {gap.end:.2f} s" for gap in skipped]
    lines += [f"a keyframe breaks the film's pattern at {timeline.times[at]:.2f} s" for at in early]
    if not lines:
        return (), figures
    caption = "Hints that cameras and encoders leave, too; no verdict rests on them"
    return (Evidence("text", "text/plain", "\n".join(lines).encode(), caption),), figures


def _told(edits: Sequence[Edit]) -> Evidence:
    """Every edit with its times and how likely it would be one, were it alone."""
    lines = []
    for edit in edits:
        chance, _ = CALIBRATION.judge((edit.strength,))
        lines.append(f"{edit.kind}: {_TELLS[edit.kind].format(**asdict(edit))} (confidence {chance:.2f})")
    return Evidence("text", "text/plain", "\n".join(lines).encode(), "The edits, in seconds from the first picture")


def _counted(edits: Sequence[Edit], kind: str) -> str:
    return f"{sum(edit.kind == kind for edit in edits)} {kind}"

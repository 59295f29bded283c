"""A film's timeline for people: how much moves, where shots begin, where edits are. Knows no detector."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from core.media import Pixels
from detectors.base import Evidence
from detectors.films.edits import DROPPED, INSERTED, REPEATED, Edit
from detectors.films.timeline import Steps, Timeline

_WIDTH, _HEIGHT, _TOP, _BOTTOM, _LEFT = 960, 200, 30, 165, 10
_PAPER, _INK, _FAINT = (255, 255, 255), (60, 60, 60), (190, 190, 190)
_COLOURS = {REPEATED: (40, 110, 220), INSERTED: (200, 60, 160), DROPPED: (30, 30, 220)}  # BGR: orange, violet, red
_SOURCE = (150, 200, 250)  # of a repeated segment, a paler orange
CAPTION = (
    "The film from its first to its last picture looked at. Line: how much changes between pictures. Grey: cuts. "
    "Orange: repeated, pale where it was shown first. Violet: put in. Red: pictures missing"
)


def timeline_picture(
    timeline: Timeline, steps: Steps, shots: Sequence[tuple[int, int]], edits: Sequence[Edit]
) -> Evidence:
    """A picture of _WIDTH × _HEIGHT pixels for a film of two pictures or more."""
    canvas: Pixels = np.full((_HEIGHT, _WIDTH, 3), _PAPER, np.uint8)
    for edit in edits:
        _mark(canvas, edit, timeline.seconds)
    for start, _ in shots[1:]:
        at = _x(float(timeline.shown[start]), timeline.seconds)
        cv2.line(canvas, (at, _TOP), (at, _BOTTOM), _FAINT, 1)
    _curve(canvas, timeline, steps)
    _axis(canvas, timeline.seconds)
    _, png = cv2.imencode(".png", canvas)
    return Evidence("picture", "image/png", png.tobytes(), CAPTION)


def _mark(canvas: Pixels, edit: Edit, seconds: float) -> None:
    left, right = _x(edit.start, seconds), max(_x(edit.end, seconds), _x(edit.start, seconds) + 2)
    if edit.source is not None:
        first, last = _x(edit.source, seconds), _x(edit.source + edit.end - edit.start, seconds)
        cv2.rectangle(canvas, (first, _TOP), (last, _BOTTOM), _SOURCE, cv2.FILLED)
    cv2.rectangle(canvas, (left, _TOP), (right, _BOTTOM), _COLOURS[edit.kind], cv2.FILLED)
    cv2.putText(canvas, edit.kind, (left, _TOP - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.45, _INK, 1, cv2.LINE_AA)


def _curve(canvas: Pixels, timeline: Timeline, steps: Steps) -> None:
    """Logarithmic, because cuts would flatten all else."""
    height = np.log1p(steps.difference) / np.log(256)
    across = np.array([_x(float(second), timeline.seconds) for second in timeline.shown[1:]])
    down = np.rint(_BOTTOM - height * (_BOTTOM - _TOP)).astype(np.int32)
    points = np.stack([across, down], axis=1).astype(np.int32)
    cv2.polylines(canvas, [points], False, _INK, 1, cv2.LINE_AA)


def _axis(canvas: Pixels, seconds: float) -> None:
    """Five times in seconds below the line."""
    cv2.line(canvas, (_LEFT, _BOTTOM), (_WIDTH - _LEFT, _BOTTOM), _INK, 1)
    for part in range(5):
        second = seconds * part / 4
        text = f"{second:.1f} s"
        (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.4, 1)
        left = min(max(_LEFT, _x(second, seconds) - width // 2), _WIDTH - _LEFT - width)
        cv2.putText(canvas, text, (left, _BOTTOM + 20), cv2.FONT_HERSHEY_SIMPLEX, 0.4, _INK, 1, cv2.LINE_AA)


def _x(second: float, seconds: float) -> int:
    return round(_LEFT + (_WIDTH - 2 * _LEFT) * min(1.0, second / max(seconds, 1e-3)))

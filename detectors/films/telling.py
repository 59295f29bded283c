"""What the parts of a film say, for people: as text, and drawn over time. Knows no detector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from core.media import Pixels
from detectors.base import Evidence, Verdict
from detectors.films.scenes import Scene

_WIDTH, _HEIGHT, _MIDDLE, _REACH, _LEFT = 960, 160, 80, 60, 10
_PAPER, _INK, _FAINT, _FOR, _AGAINST = (255, 255, 255), (60, 60, 60), (225, 225, 225), (30, 30, 220), (170, 120, 30)
_MOST = 6.0
"""The largest |log10 ratio| that a finding has."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One picture that was looked at. time: seconds. score, ratio: the detector's measure, and the log10 likelihood
    ratio that it stands for; None where it could not be judged, and `codes` say why.
    """

    time: float
    score: float | None
    ratio: float | None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """One shot. score, ratio: as of a picture; None where none of its pictures was judged."""

    scene: Scene
    score: float | None
    ratio: float | None
    verdict: Verdict


def told(parts: Sequence[Part], looked: Mapping[int, Looked]) -> tuple[Evidence, ...]:
    """The shots as text, and bars for the pictures that were looked at, by their numbers."""
    lines = [_line(part, looked) for part in parts]
    text = Evidence("text", "text/plain", "\n".join(lines).encode(), "Shot by shot: log10 likelihood ratios")
    return text, _drawn(parts, looked)


def _line(part: Part, looked: Mapping[int, Looked]) -> str:
    scene = part.scene
    if not scene.frames:
        return f"{scene.start:.2f}–{scene.end:.2f} s: no picture was looked at"
    each = ", ".join(f"{looked[at].time:.2f} s {_figure(looked[at].ratio)}" for at in scene.frames)
    return f"{scene.start:.2f}–{scene.end:.2f} s: {_figure(part.ratio)} ({each})"


def _figure(ratio: float | None) -> str:
    return "not judged" if ratio is None else f"{ratio:+.2f}"


def _drawn(parts: Sequence[Part], looked: Mapping[int, Looked]) -> Evidence:
    canvas: Pixels = np.full((_HEIGHT, _WIDTH, 3), _PAPER, np.uint8)
    seconds = max([part.scene.end for part in parts] + [each.time for each in looked.values()] + [1e-3])
    for part in parts[::2]:
        corners = (_x(part.scene.start, seconds), 0), (_x(part.scene.end, seconds), _HEIGHT)
        cv2.rectangle(canvas, *corners, _FAINT, cv2.FILLED)
    for each in looked.values():
        at = _x(each.time, seconds)
        if each.ratio is None:
            cv2.circle(canvas, (at, _MIDDLE), 5, _INK, 1, cv2.LINE_AA)
            continue
        top = _MIDDLE - round(_REACH * max(-_MOST, min(_MOST, each.ratio)) / _MOST)
        cv2.rectangle(canvas, (at - 4, _MIDDLE), (at + 4, top), _FOR if each.ratio > 0 else _AGAINST, cv2.FILLED)
    cv2.line(canvas, (_LEFT, _MIDDLE), (_WIDTH - _LEFT, _MIDDLE), _INK, 1)
    _, png = cv2.imencode(".png", canvas)
    caption = "Pictures over time: red speaks for it, blue against it, a circle was not judged. Grey and white: shots"
    return Evidence("picture", "image/png", png.tobytes(), caption)


def _x(second: float, seconds: float) -> int:
    return round(_LEFT + (_WIDTH - 2 * _LEFT) * min(1.0, second / seconds))

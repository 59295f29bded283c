"""Where models run: detectors side by side on one thread each, generators on all of them."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from core.media import Media
from detectors.base import Finding
from generators.base import IsCancelled, Job, Output, Progress
from server.engine.local import LocalEngine
from server.metrics import Metrics
from tests.detectors.making import media
from tests.server.conftest import png
from tests.server.fakes import Painter, RedDetector


class Counting(RedDetector):
    """Notes how many threads PyTorch would use for it."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: set[int] = set()

    def _one(self, media: Media) -> Finding:
        self.threads.add(torch.get_num_threads())
        return super()._one(media)


class CountingPainter(Painter):
    """The same."""

    threads = 0

    def generate(self, batch: Sequence[Job], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        self.threads = torch.get_num_threads()
        return super().generate(batch, progress, cancelled)


async def test_lanes_of_detectors_do_not_fight_over_cores() -> None:
    before, detector, painter = torch.get_num_threads(), Counting(), CountingPainter()
    engine = LocalEngine([detector], Metrics(), threads=3)
    pictures = [media(png((10, 20, number))) for number in range(6)]
    for picture in pictures:
        await engine.detect(picture)
    await engine.generate(painter, Job(None, prompt="a wall"), lambda _: None)
    for picture in pictures:
        await engine.detect(picture)
    await engine.close()
    assert detector.threads == {1}
    assert painter.threads == before
    assert torch.get_num_threads() == before


class Clock:
    """Stands still, but for whoever takes time."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow(RedDetector):
    """Takes time, and notes when it began."""

    def __init__(self, name: str, seconds: float, clock: Clock, began: list[str]) -> None:
        super().__init__()
        self.name, self._seconds, self._clock, self._began = name, seconds, clock, began

    def _one(self, media: Media) -> Finding:
        self._began.append(self.name)
        self._clock.now += self._seconds
        return super()._one(media)


async def test_what_takes_longest_begins_first_and_findings_stay_in_order() -> None:
    began: list[str] = []
    clock, seconds = Clock(), {"short": 0.1, "long": 9.0, "middle": 2.0}
    detectors = [Slow(name, each, clock, began) for name, each in seconds.items()]
    engine = LocalEngine(detectors, Metrics(), threads=1, clock=clock)
    for number in range(2):
        findings = await engine.detect(media(png((10, 20, number))))
        assert [finding.detector for finding in findings] == [*seconds]
    await engine.close()
    assert began == [*seconds, "long", "middle", "short"]

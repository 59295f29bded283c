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

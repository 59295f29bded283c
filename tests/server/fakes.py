"""Small stand-ins with real behaviour: a detector of red, a generator that paints, a policy of one rule."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from core.encoding import encode_image
from core.errors import InvalidInput
from core.media import Frame, Kind, Media, Pixels, digest_of
from detectors.base import Evidence, Finding, Verdict
from generators.base import PROMPT, SOURCE, Card, IsCancelled, Job, Output, Parameter, Progress, stop_if
from policies.base import Action, Decision, Reason, Subject


class RedDetector:
    """Detects pictures that are mostly red; shows the red as evidence."""

    name = "red"
    version = digest_of(b"red 1")
    label = "red"
    kinds = frozenset({Kind.IMAGE})
    views: frozenset[str] = frozenset()
    summary = "Finds red pictures."
    limits = "Sees no other colour."

    def __init__(self) -> None:
        self.calls = 0

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        self.calls += len(batch)
        return [self._one(media) for media in batch]

    def _one(self, media: Media) -> Finding:
        red, green, blue = media.frames()[0].pixels.reshape(-1, 3).mean(axis=0)
        found = bool(red > 150 > max(green, blue))
        return Finding(
            detector=self.name,
            version=self.version,
            label=self.label,
            verdict=Verdict.DETECTED if found else Verdict.NOT_DETECTED,
            explanation="red" if found else "not red",
            limits=self.limits,
            score=float(red),
            score_scale="mean red, 0 to 255",
            evidence=(Evidence("text", "text/plain", b"very red", "how red"),) if found else (),
        )


class BrokenDetector(RedDetector):
    """Raises on every picture."""

    name = "broken"
    version = digest_of(b"broken 1")

    def detect(self, batch: Sequence[Media]) -> list[Finding]:
        raise RuntimeError("secret detail")


class Talkative(RedDetector):
    """Has more to say of every picture than a log entry holds."""

    name = "talkative"
    version = digest_of(b"talkative 1")

    def _one(self, media: Media) -> Finding:
        return replace(super()._one(media), explanation="red " * 20_000)


class Immeasurable(RedDetector):
    """Measures what is no number."""

    name = "immeasurable"
    version = digest_of(b"immeasurable 1")

    def _one(self, media: Media) -> Finding:
        return replace(super()._one(media), score=math.nan)


class BlockRed:
    """Blocks what is detected, lets everything else pass."""

    id = "block-red"
    digest = digest_of(b"block red")

    def decide(self, subject: Subject) -> Decision:
        fired = [finding for finding in subject.findings if finding.verdict is Verdict.DETECTED]
        action = Action.BLOCK if fired else Action.ALLOW
        reason = Reason("red", "red", "red pictures are blocked" if fired else "nothing red", action)
        return Decision(action, (reason,), self.id, self.digest)


class Painter:
    """Fills a canvas of the source's size (or 64×48) with grey and seed; "red" in the prompt paints red."""

    name = "painter"
    version = digest_of(b"painter 1")
    source_type = "trainedAlgorithmicMedia"
    parameters: tuple[Parameter, ...] = (Parameter("grey", "int", 100, "The grey.", minimum=0, maximum=200),)
    card = Card("Apache-2.0", "Paints.", "Paints badly.", "# Painter")

    def __init__(self, task: str = "text_to_image", *, patience: float = 0.0) -> None:
        self.task = task
        self.kinds = frozenset({Kind.IMAGE}) if task != "text_to_image" else frozenset[Kind]()
        self.inputs = frozenset({SOURCE if self.kinds else PROMPT})
        self.painted = 0
        self.started = threading.Event()
        self.stopped = threading.Event()
        self._patience = patience

    def generate(self, batch: Sequence[Job], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        self.started.set()
        until = time.monotonic() + self._patience
        try:
            while time.monotonic() < until:
                stop_if(cancelled)
                time.sleep(0.005)
        except BaseException:
            self.stopped.set()
            raise
        progress(1.0)
        return [self._paint(job) for job in batch]

    def batch_key(self, job: Job) -> None:
        return None

    def source_type_of(self, _inputs: Collection[str]) -> str:
        return self.source_type

    def _paint(self, job: Job) -> Output:
        if job.prompt == "impossible":
            raise InvalidInput("that cannot be painted", field="prompt")
        self.painted += 1
        shape = job.source.frames()[0].pixels.shape if job.source else (48, 64, 3)
        colour = (220, 20, 20) if "red" in job.prompt else (int(job.parameters.get("grey", 100)) + job.seed,) * 3
        frame = Frame(np.full(shape, colour, np.uint8))
        return Output(encode_image(frame, "image/png"), "image/png", frame)


class LowBits:
    """A watermark in the lowest bits of the first 56 colours: survives PNG, is lost in anything lossy."""

    _TAG = np.array([1, 0, 1, 1, 0, 0, 1, 0], dtype=np.uint8)

    def embed(self, pixels: Pixels, identifier: int) -> Pixels:
        if pixels.size < 64:
            raise InvalidInput("too small for a watermark", field="pixels", found=str(pixels.shape))
        bits = np.array([identifier >> place & 1 for place in range(48)], dtype=np.uint8)
        made = pixels.copy()
        flat = made.reshape(-1)
        flat[:56] = flat[:56] & 0xFE | np.concatenate([self._TAG, bits])
        return made

    def identifiers(self, pixels: Pixels) -> frozenset[int]:
        bits = pixels.reshape(-1)[:56] & 1
        if bits.size < 56 or not np.array_equal(bits[:8], self._TAG):
            return frozenset()
        return frozenset({sum(int(bit) << place for place, bit in enumerate(bits[8:]))})

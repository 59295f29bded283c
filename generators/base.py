"""The contract of a generator, and the job it is given.

Generators return unsigned pictures; signing, screening and recording are `server.pipeline`'s. This module knows no
model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from core.errors import Cancelled
from core.media import Frame, Kind, Media, digest_of

Value: TypeAlias = str | int | float
Progress: TypeAlias = Callable[[float], None]
"""Told the fraction done, 0 to 1, never decreasing."""
IsCancelled: TypeAlias = Callable[[], bool]
Preview: TypeAlias = Callable[[Frame], None]
"""Given pictures of unfinished work, each nearer the output than the one before. MUST NOT raise, and soon return."""
PROMPT, SOURCE, MASK, CONTROL, BURST = "prompt", "source", "mask", "control", "burst"
"""What a job may bring. A generator names those that it takes."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A setting of a generator: its type, default, and either a closed range or choices."""

    name: str
    type: Literal["int", "float", "string"]
    default: Value
    description: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Value, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class Job:
    """One piece of work.

    source: the upload to improve or to start from, None when making from nothing. parameters: validated values.
    mask: what of the source is made anew, white, and what is kept, black. control: edges or boxes, drawn as a picture.
    preview: who wants to see unfinished work. burst: further pictures of what the source shows.
    """

    source: Media | None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    prompt: str = ""
    negative_prompt: str = ""
    seed: int = 0
    mask: Media | None = None
    control: Media | None = None
    preview: Preview | None = None
    burst: tuple[Media, ...] = ()

    @property
    def brings(self) -> frozenset[str]:
        """What of `Generator.inputs` this job has. A negative prompt alone counts as a prompt."""
        text = bool(self.prompt or self.negative_prompt)
        given = {PROMPT: text, SOURCE: self.source, MASK: self.mask, CONTROL: self.control, BURST: self.burst}
        return frozenset(name for name, there in given.items() if there)


@dataclass(frozen=True, eq=False, slots=True)
class Output:
    """What was made: an encoded, unsigned file and the picture in it.

    notes: what the model reports of this output, by snake_case name; it goes on the record and to the caller.
    measured: where the file holds measured values, why nothing may be woven or drawn into it; "" for pictures.
    """

    data: bytes
    mime: str
    frame: Frame
    notes: Mapping[str, Value] = field(default_factory=dict)
    measured: str = ""


PHOTO, MEDICAL, SATELLITE = "photo", "medical", "satellite"
PROFILES = frozenset({PHOTO, MEDICAL, SATELLITE})
"""What a picture is: one to look at, or values that somebody measures by."""


@dataclass(frozen=True, slots=True)
class Card:
    """What people must know of a model: licence, one-sentence summary and limits, and the whole card in Markdown.

    profiles: what it may be used on. A model that invents what looks right is for photographs alone.
    """

    licence: str
    summary: str
    limits: str
    markdown: str
    profiles: frozenset[str] = PROFILES


class Generator(Protocol):
    """A generator. tests/generators/test_contract.py runs over every one in the catalog.

    name: snake_case, unique. version: digest of weights and parameters. task: "upscale", "denoise", "text_to_image", …
    kinds: kinds of source it accepts; empty for makers from nothing.
    inputs: what a job may bring, of "prompt", "source", "mask", "control" and "burst".
    source_type: IPTC digitalSourceType of what it makes, last path segment ("trainedAlgorithmicMedia", …), where a job
    brings no more than it must.
    """

    name: str
    version: str
    task: str
    kinds: frozenset[Kind]
    inputs: frozenset[str]
    source_type: str
    parameters: tuple[Parameter, ...]
    card: Card

    def generate(self, batch: Sequence[Job], progress: Progress, cancelled: IsCancelled) -> list[Output]:
        """One output for each job, in order.

        MUST raise `core.errors.Cancelled` soon after `cancelled()` turns true, and MUST be deterministic in the seed
        on one device and build. Raises InvalidInput naming the field for a job it cannot do.
        """
        ...

    def batch_key(self, job: Job) -> Hashable | None:
        """Jobs of equal keys may be handed to one `generate` call; None where that gains nothing.

        Raises what `generate` raises for a job that it cannot do, so that such a job never joins others.
        """
        ...

    def source_type_of(self, inputs: Collection[str], /) -> str:
        """The IPTC digitalSourceType of what comes of a job that brings `inputs`: an edit is no creation."""
        ...


def stop_if(cancelled: IsCancelled) -> None:
    """Raises Cancelled when nobody waits for the work any more."""
    if cancelled():
        raise Cancelled("the caller went away or its deadline passed")


def share(progress: Progress, index: int, count: int) -> Progress:
    """The progress of part `index` of `count` equal parts, told to `progress` as a fraction of the whole."""
    return lambda fraction: progress((index + fraction) / count)


def version_of(*parts: object) -> str:
    """A generator's version: the digest of all that shapes its output (weights' digests, constants, libraries)."""
    return digest_of("\n".join(str(part) for part in parts).encode())

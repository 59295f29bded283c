"""What one job asks of a diffusion model, checked whole before any work.

This module knows what goes together and what does not. It does not know how anything is made.
"""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InvalidInput
from core.media import Pixels
from generators import parameters
from generators.base import CONTROL, MASK, SOURCE, Job, Preview, Value
from generators.diffusion import pictures
from generators.diffusion.components import Components
from generators.diffusion.conditioning import Tokens, tokens_of
from generators.diffusion.offer import FAST, MAX_FAST_STEPS, QUALITY, Offer
from generators.diffusion.pictures import Area, Shown

_STRENGTH, _MASKED_STRENGTH = 0.6, 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """What jobs of one batch have in common.

    strength: 1 without a source. scheduler: "" in the fast mode, which has its own. control_scale: None without a
    control picture.
    """

    size: int
    steps: int
    guidance: float
    scheduler: str
    fast: bool = False
    source: bool = False
    mask: bool = False
    strength: float = 1.0
    control_scale: float | None = None

    @property
    def guided(self) -> bool:
        """Whether every step looks at the negative prompt, too. Students learned guidance and need no second look."""
        return self.guidance > 1.0 and not self.fast

    @property
    def taken(self) -> int:
        """Steps that are gone: of a source, only those that its share of noise leaves."""
        return int(self.steps * self.strength) if self.source else self.steps


@dataclass(frozen=True, eq=False, slots=True)
class Asked:
    """One job, ready to be made. Pictures of the model: RGB uint8 of its own size; area: where something is made anew,
    in pixels of the source.
    """

    settings: Settings
    prompt: Tokens
    negative: Tokens
    seed: int
    preview: Preview | None = None
    source: Shown | None = None
    start: Pixels | None = None
    area: Area | None = None
    control: Pixels | None = None


def asked_of(job: Job, offer: Offer, components: Components) -> Asked:
    """The job as values. Raises InvalidInput naming the field, its limit and what was found."""
    refuse_inputs(job, offer)
    values = parameters.complete(offer.parameters, job.parameters)
    settings = settings_of(job, values, offer)
    prompt = tokens_of(components, job.prompt)
    negative = tokens_of(components, job.negative_prompt, field="negative_prompt", needed=False)
    if negative.ids and not settings.guided:
        message = "without guidance, and in the fast mode, the model reads no negative prompt"
        raise InvalidInput(message, field="negative_prompt", limit="none", found=f"{len(negative.ids)} tokens")
    source = pictures.shown(job.source, SOURCE) if job.source else None
    area = _area(job, source, settings) if source else None
    return Asked(
        settings,
        prompt,
        negative,
        job.seed,
        job.preview,
        source,
        start=pictures.squared(pictures.opaque(source), components.native) if source else None,
        area=area,
        control=_control(job, components.native),
    )


def refuse_inputs(job: Job, offer: Offer) -> None:
    """Raises InvalidInput for what the model does not take, and for what makes no sense together."""
    for name in sorted(job.brings - offer.inputs):
        raise InvalidInput(f"the model takes no {name}", field=name, limit="none", found="one")
    if MASK in job.brings and SOURCE not in job.brings:
        raise InvalidInput("a mask needs a source", field=MASK, limit="none without a source", found="one")
    if {CONTROL, SOURCE} <= job.brings:
        message = "a control picture is followed where the picture is made from nothing"
        raise InvalidInput(message, field=CONTROL, limit="none with a source", found="one")


def settings_of(job: Job, values: dict[str, Value], offer: Offer) -> Settings:
    """The job's settings, those that say nothing here made alike. Raises InvalidInput for too many or too few steps."""
    fast = values.get("mode", QUALITY) == FAST
    default, most = (offer.fast_steps, MAX_FAST_STEPS) if fast else (offer.steps, offer.max_steps)
    steps = int(values["steps"]) or default
    if steps > most:
        message = f"the fast mode takes at most {most} steps"
        raise InvalidInput(message, field="parameters.steps", limit=str(most), found=str(steps))
    strength = 1.0
    if job.source:
        strength = float(values["strength"]) or (_MASKED_STRENGTH if job.mask else _STRENGTH)
    settings = Settings(
        size=int(values["size"]),
        steps=steps,
        guidance=float(values["guidance"]),
        scheduler="" if fast else str(values["scheduler"]),
        fast=fast,
        source=job.source is not None,
        mask=job.mask is not None,
        strength=strength,
        control_scale=float(values["control_scale"]) if job.control else None,
    )
    if settings.taken < 1:
        message = f"of {steps} steps, a strength of {strength:g} leaves none"
        raise InvalidInput(message, field="parameters.strength", limit=f"{1 / steps:.3g}", found=f"{strength:g}")
    return settings


def _area(job: Job, source: Shown, settings: Settings) -> Area | None:
    """Where something is made anew. What is kept has to come back to the bit, so nothing may be cut or resized."""
    if job.mask is None:
        return None
    wanted = (settings.size, settings.size)
    if source.size != wanted:
        message = "with a mask, the source has to be as large as the output"
        raise InvalidInput(message, field=SOURCE, limit=_size(wanted), found=_size(source.size))
    mask = pictures.shown(job.mask, MASK)
    if mask.size != source.size:
        message = "the mask has to be as large as the source"
        raise InvalidInput(message, field=MASK, limit=_size(source.size), found=_size(mask.size))
    area = pictures.area_of(pictures.opaque(mask))
    if not area.any():
        raise InvalidInput("the mask leaves nothing to be made", field=MASK, limit="some white", found="none")
    return area


def _control(job: Job, native: int) -> Pixels | None:
    if job.control is None:
        return None
    return pictures.squared(pictures.opaque(pictures.shown(job.control, CONTROL)), native)


def _size(size: tuple[int, int]) -> str:
    return f"{size[0]}×{size[1]} pixels"

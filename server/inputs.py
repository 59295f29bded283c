"""What comes with an order, what the policy says of it before anything is made, and how that travels on.

A block ends the order: nothing is made. A review does not hold the making up; it comes on top of what the policy says
of the output, so that a person looks at both. Orders are judged on what was asked for and declared alone: no media, no
findings, no credentials.

The pictures of an order are uploads like any other: one that the policy blocks, blocks the order, be it only a mask.

This module knows orders and decisions. It parses, makes and records nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from core.errors import InvalidInput
from core.media import Kind, Media
from generators.base import CONTROL, MASK, PROMPT, SOURCE, Job, Preview
from generators.profiles import refuse_unfit
from policies.base import Action, Decision, Reason, Stage, Subject
from policies.rules import NO_RULE_FIRED
from server.examination import Context, Examination
from server.requests import Order, Request


def subject_of(request: Request, context: Context, order: Order, at: datetime) -> Subject:
    """What a policy may look at before anything is made. at: now."""
    return Subject(
        direction=context.direction,
        stage=Stage.INPUT,
        tenant=context.tenant,
        surface=context.surface,
        jurisdiction=context.jurisdiction,
        task=context.task,
        source_type=context.source_type,
        digest=request.digest,
        at=at,
        **order.told(),
    )


def joined(asked: Decision, made: Decision) -> Decision:
    """The decision on an output, with what the policy said of the order that it was made by.

    The more severe action holds, and its reasons come first. The policy named is the output's: it may have changed
    since the order was judged.
    """
    first, second = (asked, made) if asked.action > made.action else (made, asked)
    said = (*first.reasons, *second.beside(first.action))
    reasons = tuple(reason for reason in said if reason.code != NO_RULE_FIRED)
    return replace(
        made,
        action=max(asked.action, made.action),
        reasons=reasons or _silent(made, asked),
        shadow=(*made.shadow, *asked.shadow),
    )


def _silent(made: Decision, asked: Decision) -> tuple[Reason, ...]:
    """Where no rule fired: the output's reason, which also names the rules that could not be judged on the order."""
    (reason,) = made.reasons
    operands = {**asked.reasons[0].operands, **reason.operands}
    return (replace(reason, operands=operands),)


def stops(asked: Decision) -> bool:
    """Whether nothing may be made."""
    return asked.action is Action.BLOCK


def blocked(given: Mapping[str, Examination]) -> str:
    """The picture that the policy blocks, "" for none."""
    return next((name for name, seen in given.items() if seen.decision.action is Action.BLOCK), "")


def field_of(order: Order, name: str) -> str:
    """What the request calls the picture `name`: what is only to be improved is its media."""
    return name if PROMPT in order.model.inputs else "media"


def job_of(order: Order, given: Mapping[str, Examination], preview: Preview | None) -> Job:
    """The order as the model gets it. Raises InvalidInput for a picture that the model does not take, or may not be
    used on.
    """
    media = {name: seen.media for name, seen in given.items()}
    for name, one in media.items():
        refuse_other_kinds(order, name, one)
        refuse_unfit(order.model.name, order.model.card, one)
    return Job(
        media.get(SOURCE),
        order.parameters,
        order.prompt,
        order.negative_prompt,
        order.seed,
        mask=media.get(MASK),
        control=media.get(CONTROL),
        preview=preview,
    )


def refuse_other_kinds(order: Order, name: str, media: Media) -> None:
    """Raises InvalidInput for a picture that is none. What is only to be improved may also be a film, where the model
    takes some.
    """
    taken = order.model.kinds if name == SOURCE and order.model.kinds else frozenset({Kind.IMAGE})
    if media.kind not in taken:
        kinds = ", ".join(sorted(taken))
        message = f"{order.model.name} takes {kinds}"
        raise InvalidInput(message, field=field_of(order, name), limit=kinds, found=media.kind.value)

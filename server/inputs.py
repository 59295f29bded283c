"""What the policy says of an order before anything is made, and how that travels on to what is made.

A block ends the order: nothing is made. A review does not hold the making up; it comes on top of what the policy says
of the output, so that a person looks at both. Orders are judged on what was asked for and declared alone: no media, no
findings, no credentials.

This module knows orders and decisions. It parses, makes and records nothing.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from policies.base import Action, Decision, Reason, Stage, Subject
from policies.rules import NO_RULE_FIRED
from server.examination import Context
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

"""What each rule has to say about a subject, in words and with values, and how much it weighs.

This module knows texts and tiers. It does not decide which rules are judged, nor which of them wins.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from policies.base import Action, Reason, Severity, Subject
from policies.compiler import CompiledRule
from policies.reading import Value, why_missing
from policies.rules import NO_RULE_FIRED, RULE_ERROR, SIGNAL_MISSING, Mode
from policies.signals import Signal, is_private
from policies.templates import WITHHELD, fill, shown


class Tier(IntEnum):
    """Precedence, from weak to strong."""

    ALLOW = 1
    LABEL = 2
    REVIEW = 3
    BLOCK = 4
    EXEMPTION = 5
    # An exemption must not lift what might be a hard block: else making its detector abstain would be a way round it.
    UNJUDGED_HARD_BLOCK = 6
    HARD_BLOCK = 7


@dataclass(frozen=True, slots=True)
class Fired:
    """One rule that has something to say. mode tells whether it acts."""

    tier: Tier
    reason: Reason
    mode: Mode


def ranked(items: Iterable[Fired]) -> tuple[Reason, ...]:
    """Reasons in order of precedence, given in the order of their rules' ids."""
    found = list(items)
    if not found:
        return ()
    exempted = any(item.tier is Tier.EXEMPTION for item in found)

    def weight(item: Fired) -> Tier:
        # It outweighs an exemption and nothing else: else making its detector abstain would soften other blocks.
        return Tier.REVIEW if item.tier is Tier.UNJUDGED_HARD_BLOCK and not exempted else item.tier

    # Sorting is stable, so ties stand in the order of the ids.
    return tuple(item.reason for item in sorted(found, key=lambda item: -weight(item)))


def fired(rule: CompiledRule, values: Mapping[str, Value]) -> Fired:
    """A rule whose condition holds."""
    operands = _operands(rule, values)
    text, user_text = (
        fill(each.text.strip(), operands) if each else "" for each in (rule.rule.text, rule.rule.user_text)
    )
    written = rule.rule
    reason = Reason(
        rule=written.id,
        code=written.code,
        text=text,
        action=written.action,
        operands=operands,
        user_text=user_text,
        severity=written.severity,
        cites=written.cites,
        due=written.due,
    )
    return Fired(_tier(rule), reason, rule.rule.mode)


def lacking(rule: CompiledRule, values: Mapping[str, Value], subject: Subject, signals: Mapping[str, Signal]) -> Fired:
    """A rule that needs signals which have no value."""
    absent = [name for name in rule.reads if name not in values]
    causes = list(dict.fromkeys(why_missing(signals[name], subject) for name in absent))
    text = f"“{rule.rule.title}” could not be judged without {', '.join(absent)}: {'; '.join(causes)}"
    return _unjudged(rule, SIGNAL_MISSING, text, values)


def undated(rule: CompiledRule, values: Mapping[str, Value], what: str) -> Fired:
    """A rule of which it is not known whether it is in force. what: the thing that the subject lacks."""
    text = f"“{rule.rule.title}” could not be judged without {what}: the caller did not give it"
    return _unjudged(rule, SIGNAL_MISSING, text, values)


def erred(rule: CompiledRule, values: Mapping[str, Value]) -> Fired:
    """A rule whose condition came to an error of another kind."""
    text = f"“{rule.rule.title}” came to an error while it was judged"
    return _unjudged(rule, RULE_ERROR, text, values)


def _unjudged(rule: CompiledRule, code: str, text: str, values: Mapping[str, Value]) -> Fired:
    written = rule.rule
    reason = Reason(
        rule=written.id,
        code=code,
        text=text,
        action=Action.REVIEW,
        operands=_operands(rule, values),
        severity=written.severity,
        cites=written.cites,
        # It is not known whether anything is due; who would have to act finds out in time.
        due=written.due,
    )
    return Fired(Tier.UNJUDGED_HARD_BLOCK if rule.rule.hard else Tier.REVIEW, reason, rule.rule.mode)


def nothing(skipped: Mapping[str, str]) -> Reason:
    """The reason of a decision in which no live rule fired. skipped: reasons of the skipped rules by their ids."""
    text = "No rule fired."
    if skipped:
        text += f" Not judged for want of signals: {', '.join(skipped)}."
    return Reason("", NO_RULE_FIRED, text, Action.ALLOW, dict(skipped), severity=Severity.INFO)


def _tier(rule: CompiledRule) -> Tier:
    if rule.rule.hard:
        return Tier.HARD_BLOCK
    return Tier.EXEMPTION if rule.rule.exemption else Tier(rule.rule.action)


def _operands(rule: CompiledRule, values: Mapping[str, Value]) -> dict[str, str]:
    shown_values = {name: WITHHELD if is_private(name) else shown(values.get(name)) for name in rule.operands}
    return {**shown_values, **rule.constants}

"""The base that every policy is joined with: rules that no configuration takes out, softens or silences.

A policy cannot lack them, since loading joins them to it, and cannot weaken them: it may not use their ids, its
exemptions do not lift a hard block, and its thresholds and lists are not theirs.
This module knows the base and where it lies. It does not know CEL: `policies.loading` joins.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from core.media import digest_of
from policies.base import Action
from policies.fields import Notes
from policies.rules import Mode, Rule

BASE_FILE = Path(__file__).parent / "protected.yaml"


@dataclass(frozen=True, slots=True)
class Base:
    """The text of a base, and the name that messages give it. An empty text has no rules."""

    text: str
    source: str = "the built-in base"

    @property
    def digest(self) -> str:
        """Of the UTF-8 bytes, as `sha256sum` of the file."""
        return digest_of(self.text.encode())


NO_BASE = Base("")
"""For tests of the language alone: nothing that serves may load a policy without the shipped base."""


def shipped() -> Base:
    """The base of this release."""
    return Base(BASE_FILE.read_bytes().decode(), str(BASE_FILE))


def refuse_soft(rules: Iterable[Rule], notes: Notes) -> None:
    """A base holds only what cannot be got round: live rules that say they are protected, and blocks that are hard."""
    for rule in rules:
        if not rule.protected:
            notes.add("a rule of the base must say `protected: true`", rule.position, rule=rule.id)
        if rule.exemption or rule.mode is not Mode.LIVE or rule.exemptions:
            notes.add("a rule of the base must not exempt or be in shadow mode", rule.position, rule=rule.id)
        if rule.action is Action.BLOCK and not rule.hard:
            notes.add("a block of the base must be `hard: true`", rule.position, rule=rule.id)
        if rule.action in (Action.ALLOW, Action.LABEL):
            notes.add("a rule of the base must block or send to review", rule.position, rule=rule.id)
        if not rule.window.always or rule.rollout < 100:
            notes.add("a rule of the base holds always and for everything", rule.position, rule=rule.id)


def refuse_taken(rules: Iterable[Rule], base: Iterable[Rule], notes: Notes) -> None:
    """A rule with the id of a protected one would pass for it in every record."""
    taken = {rule.id for rule in base}
    for rule in rules:
        if rule.id in taken:
            hint = "choose another id; the protected rule stays whatever the policy says"
            notes.add("a protected rule of the built-in base has this id", rule.position, rule=rule.id, hint=hint)

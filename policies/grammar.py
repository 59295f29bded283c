"""Every key that a policy document may hold, with its form and what it means: the one source for reader and editors.

    id: platform-default
    version: "1"
    description: What this policy is for.
    thresholds: {copied: 0.46}          # `thresholds.copied` in conditions and texts
    lists: {eu: [DE, FR]}               # `lists.eu` in conditions, other lists and applies_to
    rules:
      - id: copied-region
        title: A region copied within the picture
        when: copy_move.score > thresholds.copied
        action: review
        code: copy_move
        text: "Copied: {copy_move.score}."
        applies_to: {direction: inbound, jurisdictions: [lists.eu]}

`policies.fields` reads by these shapes, `policies.schema` writes them down for editors, `docs/policy.md` explains them.
This module knows keys and forms. It reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from core.media import Kind
from policies.base import Action, Severity, Stage

Form: TypeAlias = Literal[
    "text",  # a line or more for people
    "condition",  # CEL
    "conditions",  # a list of CEL
    "template",  # a text with {signals} in it
    "choice",  # one of `choices`
    "flag",  # true or false
    "words",  # a list of texts, of `choices` where there are any; `lists.NAME` stands for a list
    "moment",  # a date, or a date with time and zone
    "percent",  # a number above 0, at most 100
    "table",  # keys of `shape`
    "rules",  # a list of tables of `shape`
    "numbers",  # names with a number each
    "lists",  # names with a list of texts each
    "types",  # names with one of `choices` each
]

ID = "[a-z0-9]+(-[a-z0-9]+)*"
CODE = r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*"
NAME = "[a-z][a-z0-9_]*"
MAX_RULES = 1000
MAX_EXEMPTIONS = 20


@dataclass(frozen=True, slots=True)
class Key:
    """One key. about: one sentence for people. pattern, hint: the regular expression its text matches, in words.

    only_with: another key and the word that it must have for this one to mean anything.
    """

    form: Form
    about: str
    required: bool = False
    choices: tuple[str, ...] = ()
    pattern: str = ""
    hint: str = ""
    shape: Shape | None = None
    only_with: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of table. owner: what messages call it."""

    owner: str
    keys: Mapping[str, Key]

    def walk(self) -> Iterator[tuple[str, Key]]:
        """Yields every key of this table and those within it."""
        for name, key in self.keys.items():
            yield name, key
            if key.shape is not None:
                yield from key.shape.walk()


def _names(values: type[Action] | type[Severity]) -> tuple[str, ...]:
    return tuple(item.name.lower() for item in values)


_KEBAB = "lower-case words joined by hyphens"

SCOPE = Shape(
    "`applies_to`",
    {
        "direction": Key("choice", "Only what comes in, or only what goes out.", choices=("inbound", "outbound")),
        "stage": Key(
            "choice",
            "Only orders before anything is made (input), only media received (upload), or only media made (output). "
            "Without it a rule looks at media, received or made.",
            choices=tuple(Stage),
        ),
        "kinds": Key("words", "Only these kinds of media.", choices=tuple(Kind)),
        "tenants": Key("words", "Only these tenants."),
        "surfaces": Key("words", "Only these places of the platform, as callers name them."),
        "jurisdictions": Key("words", "Only these jurisdictions, as callers name them."),
        "tasks": Key("words", "Only what models of these tasks make."),
    },
)

RULE = Shape(
    "a rule",
    {
        "id": Key("text", "The rule's name in records and links; unique.", True, pattern=ID, hint=_KEBAB),
        "title": Key("text", "The rule in a few words, for people.", True),
        "when": Key("condition", "The rule fires when this CEL condition over signals holds.", True),
        "action": Key("choice", "What happens when the rule fires.", True, _names(Action)),
        "code": Key(
            *("text", "The machine-readable reason, stable over versions.", True),
            pattern=CODE,
            hint="lower-case words joined by underscores",
        ),
        "text": Key("template", "Why the rule fired, for staff; {signal} stands for the signal's value.", True),
        "user_text": Key("template", "The same in words for the person concerned, shown to them; may name signals."),
        "severity": Key(
            "choice",
            "How bad it is, for queues and reports; it changes no decision. By default info for allow, low for label, "
            "medium for review, high for block and critical for a hard block.",
            choices=_names(Severity),
        ),
        "cites": Key("words", "What the rule enforces: articles of a law, clauses of the platform's terms."),
        "due": Key(
            *("text", "By when staff must have acted, in hours from the decision on: 48h."),
            pattern="[1-9][0-9]{0,3}h",
            hint="whole hours, such as 48h",
        ),
        "hard": Key("flag", "Block only: no exemption lifts it.", only_with=("action", "block")),
        "exemption": Key(
            *("flag", "Allow only: sets aside every block that is not hard, every review and every label."),
            only_with=("action", "allow"),
        ),
        "exemptions": Key("conditions", "While one of these conditions holds, this rule does not fire."),
        "mode": Key("choice", "Shadow: judged and reported, never acted upon.", choices=("live", "shadow")),
        "applies_to": Key("table", "What the rule looks at at all.", shape=SCOPE),
        "effective_from": Key("moment", "The first day or instant on which the rule is in force."),
        "effective_until": Key("moment", "The last day, inclusive, or the instant at which the rule ends."),
        "rollout": Key(
            "percent", "The share of content that the rule applies to; the same content always falls alike."
        ),
        "when_missing": Key(
            *("choice", "What happens without a signal that the result depends on; review is the default."),
            choices=("review", "skip"),
        ),
        "skip_reason": Key(
            *("text", "Why silence is acceptable here; required with `when_missing: skip`."),
            only_with=("when_missing", "skip"),
        ),
        "protected": Key("flag", "Only in the base that every policy is joined with: no policy can take the rule out."),
    },
)

POLICY = Shape(
    "the policy",
    {
        "id": Key("text", "The policy's name.", True, pattern=ID, hint=_KEBAB),
        "version": Key("text", "The author's own count; the digest is what decisions are bound to.", True),
        "description": Key("text", "What the policy is for, and what it cannot check.", True),
        "thresholds": Key("numbers", "Numbers that rules share: `thresholds.NAME` in conditions and texts."),
        "lists": Key("lists", "Words that rules share: `lists.NAME` in conditions, other lists and applies_to."),
        "parameters": Key(
            *("types", "Settings of models that rules look at, as `parameter.NAME`."), choices=("number", "text")
        ),
        "rules": Key("rules", f"The rules, at most {MAX_RULES}; their order means nothing.", True, shape=RULE),
    },
)

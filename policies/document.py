"""A policy as staff write it: a YAML document → `Document`, or every problem with its line and column.

    id: platform-default
    version: "1"
    description: What this policy is for.
    rules:
      - id: listed-content              # kebab-case, unique
        title: Content on a hash list
        when: known_hash.detected       # CEL over the signals of `policies.signals`
        action: block                   # allow | label | review | block
        code: known_content             # the machine-readable reason
        text: "Matches {known_hash.codes}."
        hard: true                      # block only: no exemption lifts it
        exemption: true                 # allow only: sets aside block, review and label
        mode: live                      # or shadow: evaluated and reported, never acted upon
        applies_to: {direction: inbound, kinds: [image], surfaces: […], jurisdictions: […], tasks: […]}
        when_missing: skip              # or review, the default: what happens without a signal that the rule needs
        skip_reason: Why silence is acceptable here.    # required with skip

This module knows the shape of that document. It does not read conditions or templates: `policies.compiler` does.
"""

from __future__ import annotations

import re

from core.media import Kind
from policies.base import Action
from policies.fields import Fields, Notes, table_of
from policies.rules import RESERVED_CODES, Document, Mode, Rule, Scope, WhenMissing
from policies.strict_yaml import Node, Scalar, Sequence, YamlFault, read

DIRECTIONS = ("inbound", "outbound")
MAX_RULES = 1000

_POLICY_KEYS = ("id", "version", "description", "rules")
_RULE_KEYS = (
    *("id", "title", "when", "action", "code", "text", "hard", "exemption", "mode"),
    *("applies_to", "when_missing", "skip_reason"),
)
_SCOPE_KEYS = ("direction", "kinds", "surfaces", "jurisdictions", "tasks")
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CODE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)*")


def parse(text: str, notes: Notes) -> Document | None:
    """Reads a document, adding what is wrong to `notes`. None where not even a table could be read."""
    try:
        root = read(text)
    except YamlFault as fault:
        notes.add(fault.message, fault.position)
        return None
    table = table_of(root, "the policy", notes)
    if table is None:
        return None
    fields = Fields(table, "the policy", _POLICY_KEYS, notes)
    identity = _matching(fields, "id", _ID, "lower-case words joined by hyphens")
    return Document(identity, fields.text("version"), fields.text("description"), _rules(fields, notes))


def _rules(fields: Fields, notes: Notes) -> tuple[Rule, ...]:
    node = fields.node("rules")
    if not isinstance(node, Sequence) or not node.items:
        # A policy that forbids nothing would allow everything in silence.
        fields.refuse("`rules` must be a list with at least one rule", fields.place("rules"))
        return ()
    if len(node.items) > MAX_RULES:
        fields.refuse(f"{len(node.items)} rules; at most {MAX_RULES} are read", node.position)
        return ()
    read_rules = (_rule(item, notes) for item in node.items)
    rules = tuple(rule for rule in read_rules if rule is not None)
    _refuse_duplicates(rules, notes)
    return rules


def _rule(node: Node, notes: Notes) -> Rule | None:
    table = table_of(node, "a rule", notes)
    if table is None:
        return None
    name = table.entries.get("id")
    fields = Fields(table, "a rule", _RULE_KEYS, notes, rule=name.text if isinstance(name, Scalar) else "")
    identity = _matching(fields, "id", _ID, "lower-case words joined by hyphens")
    code = _matching(fields, "code", _CODE, "lower-case words joined by underscores")
    if code in RESERVED_CODES:
        fields.refuse(f"the code {code!r} is the engine's own", fields.place("code"))
    action = fields.choice("action", [item.name.lower() for item in Action])
    missing = fields.choice("when_missing", list(WhenMissing), default="") or None
    rule = Rule(
        id=identity,
        title=fields.text("title"),
        when=fields.scalar("when"),
        action=Action[action.upper()] if action else Action.REVIEW,
        code=code,
        text=fields.scalar("text"),
        mode=Mode(fields.choice("mode", list(Mode), default="live") or "live"),
        scope=_scope(fields),
        when_missing=WhenMissing(missing) if missing else None,
        skip_reason=fields.text("skip_reason") if fields.has("skip_reason") else "",
        hard=fields.flag("hard"),
        exemption=fields.flag("exemption"),
        position=fields.position,
    )
    _refuse_contradictions(rule, fields)
    return rule


def _scope(fields: Fields) -> Scope:
    node = fields.node("applies_to")
    table = table_of(node, "`applies_to`", fields.notes, fields.rule) if node is not None else None
    if table is None:
        return Scope()
    scope = Fields(table, "`applies_to`", _SCOPE_KEYS, fields.notes, fields.rule)
    kinds = scope.words("kinds", list(Kind))
    return Scope(
        direction=scope.choice("direction", DIRECTIONS, default=""),
        kinds=frozenset(Kind(kind) for kind in kinds if kind in list(Kind)),
        surfaces=scope.words("surfaces"),
        jurisdictions=scope.words("jurisdictions"),
        tasks=scope.words("tasks"),
    )


def _refuse_contradictions(rule: Rule, fields: Fields) -> None:
    if rule.hard and rule.action is not Action.BLOCK:
        fields.refuse("`hard` belongs to `action: block`", fields.place("hard"))
    if rule.exemption and rule.action is not Action.ALLOW:
        fields.refuse("`exemption` belongs to `action: allow`", fields.place("exemption"))
    if rule.when_missing is WhenMissing.SKIP and not rule.skip_reason:
        hint = "say in `skip_reason` why the rule may stay silent without its signal"
        fields.refuse("`when_missing: skip` needs a reason", fields.place("when_missing"), hint)
    if rule.skip_reason and rule.when_missing is not WhenMissing.SKIP:
        fields.refuse("`skip_reason` belongs to `when_missing: skip`", fields.place("skip_reason"))


def _refuse_duplicates(rules: tuple[Rule, ...], notes: Notes) -> None:
    first: dict[str, Rule] = {}
    for rule in rules:
        if rule.id and rule.id in first:
            line = first[rule.id].position.line
            notes.add("another rule has this id", rule.position, rule=rule.id, hint=f"the first is on line {line}")
        first.setdefault(rule.id, rule)


def _matching(fields: Fields, key: str, pattern: re.Pattern[str], form: str) -> str:
    value = fields.scalar(key)
    if value.text and not pattern.fullmatch(value.text):
        fields.refuse(f"`{key}: {value.text}` has the wrong form", value.position, form)
    return value.text

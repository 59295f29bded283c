"""One rule as staff write it: a YAML table → `Rule`, or every problem with its line and column.

This module knows the keys of a rule and which of them contradict each other. It does not read conditions or templates:
`policies.compiler` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from core.media import Kind
from policies.base import Action, Severity, Stage
from policies.constants import Constant
from policies.fields import Fields, Notes, table_of
from policies.grammar import MAX_EXEMPTIONS, RULE, SCOPE
from policies.problems import did_you_mean
from policies.rules import RESERVED_CODES, Mode, Rule, Scope, WhenMissing
from policies.strict_yaml import Node, Scalar
from policies.windows import NotAMoment, Window, moment

_SEVERITIES = {
    Action.ALLOW: Severity.INFO,
    Action.LABEL: Severity.LOW,
    Action.REVIEW: Severity.MEDIUM,
    Action.BLOCK: Severity.HIGH,
}


class RuleReader:
    """Reads rules. lists: by the names that documents give them. protected: whether rules may be."""

    def __init__(self, notes: Notes, lists: Mapping[str, Constant], *, protected: bool) -> None:
        self._notes = notes
        self._lists = lists
        self._protected = protected

    def rule(self, node: Node) -> Rule | None:
        """One entry of `rules`; None where it is not even a table."""
        table = table_of(node, RULE.owner, self._notes)
        if table is None:
            return None
        name = table.entries.get("id")
        fields = Fields(table, RULE, self._notes, rule=name.text if isinstance(name, Scalar) else "")
        action = Action[(fields.choice("action") or "review").upper()]
        hard = fields.flag("hard")
        missing = fields.choice("when_missing", default="")
        rule = Rule(
            id=fields.text("id"),
            title=fields.text("title"),
            when=fields.scalar("when"),
            action=action,
            code=fields.text("code"),
            text=fields.scalar("text"),
            user_text=fields.optional("user_text"),
            severity=_severity(fields, action, hard=hard),
            mode=Mode(fields.choice("mode", default="live") or "live"),
            scope=self._scope(fields),
            when_missing=WhenMissing(missing) if missing else None,
            skip_reason=fields.text("skip_reason") if fields.has("skip_reason") else "",
            hard=hard,
            exemption=fields.flag("exemption"),
            exemptions=fields.words("exemptions"),
            window=_window(fields),
            rollout=fields.percent("rollout"),
            protected=fields.flag("protected"),
            cites=tuple(each.text for each in fields.words("cites")),
            due=_due(fields),
            position=fields.position,
        )
        _refuse_contradictions(rule, fields)
        if rule.protected and not self._protected:
            hint = "write `hard: true` for a block that no exemption lifts"
            fields.refuse("`protected` belongs to the built-in base", fields.place("protected"), hint)
        return rule

    def _scope(self, fields: Fields) -> Scope:
        node = fields.node("applies_to")
        table = table_of(node, SCOPE.owner, fields.notes, fields.rule) if node is not None else None
        if table is None:
            return Scope()
        scope = Fields(table, SCOPE, fields.notes, fields.rule)
        found = Scope(
            direction=scope.choice("direction", default=""),
            stage=scope.choice("stage", default=""),
            kinds=frozenset(Kind(kind.text) for kind in scope.words("kinds")),
            tenants=self._words(scope, "tenants"),
            surfaces=self._words(scope, "surfaces"),
            jurisdictions=self._words(scope, "jurisdictions"),
            tasks=self._words(scope, "tasks"),
        )
        _refuse_unreachable(found, scope)
        return found

    def _words(self, scope: Fields, key: str) -> frozenset[str]:
        """The words of a key, with those of the lists that it names."""
        words: set[str] = set()
        for entry in scope.words(key):
            named = self._lists.get(entry.text)
            if isinstance(named, tuple):
                words.update(named)
            elif entry.text.startswith("lists."):
                hint = did_you_mean(entry.text, self._lists)
                scope.refuse(f"there is no list {entry.text!r}", entry.position, hint)
            else:
                words.add(entry.text)
        return frozenset(words)


def _severity(fields: Fields, action: Action, *, hard: bool) -> Severity:
    word = fields.choice("severity", default="")
    if word:
        return Severity[word.upper()]
    return Severity.CRITICAL if hard else _SEVERITIES[action]


def _due(fields: Fields) -> timedelta | None:
    written = fields.optional("due")
    hours = written.text.removesuffix("h") if written else ""
    return timedelta(hours=int(hours)) if hours.isdecimal() else None


def _window(fields: Fields) -> Window:
    ends = []
    for key in ("effective_from", "effective_until"):
        written = fields.optional(key)
        try:
            ends.append(moment(written.text, closing=key == "effective_until") if written and written.text else None)
        except NotAMoment as error:
            fields.refuse(f"`{key}`: {error}", fields.place(key))
            ends.append(None)
    window = Window(*ends)
    if window.empty:
        fields.refuse("the rule ends before it begins", fields.place("effective_until"), "swap the two dates")
    return window


def _refuse_contradictions(rule: Rule, fields: Fields) -> None:
    if rule.code in RESERVED_CODES:
        fields.refuse(f"the code {rule.code!r} is the engine's own", fields.place("code"))
    if rule.due is not None and rule.action is Action.ALLOW:
        fields.refuse("`due` sets staff a term, and `action: allow` asks nothing of them", fields.place("due"))
    if len(rule.exemptions) > MAX_EXEMPTIONS:
        message = f"{len(rule.exemptions)} exemptions; at most {MAX_EXEMPTIONS} are read"
        fields.refuse(message, fields.place("exemptions"), "join them with ||, or use a list")
    if rule.exemptions and (rule.hard or rule.action is Action.ALLOW):
        which = "a hard block, which no exemption lifts" if rule.hard else "`action: allow`, which restricts nothing"
        fields.refuse(f"`exemptions` do not belong to {which}", fields.place("exemptions"), "narrow `when` instead")
    if rule.when_missing is WhenMissing.SKIP and not rule.skip_reason:
        hint = "say in `skip_reason` why the rule may stay silent without its signal"
        fields.refuse("`when_missing: skip` needs a reason", fields.place("when_missing"), hint)
    if rule.scope.stage == Stage.INPUT and rule.action is Action.LABEL:
        hint = "label what was made: `stage: output`"
        fields.refuse("nothing has been made at stage input that could be labelled", fields.place("action"), hint)


def _refuse_unreachable(scope: Scope, fields: Fields) -> None:
    """A scope that no subject has: the rule would never be judged, and nobody would notice."""
    if scope.direction == "inbound" and scope.stage in (Stage.INPUT, Stage.OUTPUT):
        hint = "orders and what is made are outbound"
        fields.refuse(f"nothing inbound is ever at stage {scope.stage}", fields.place("stage"), hint)
    if scope.direction == "inbound" and scope.tasks:
        hint = "take out `tasks`, or write `direction: outbound`"
        fields.refuse("nothing inbound is made by a model", fields.place("tasks"), hint)
    if scope.stage == Stage.INPUT and scope.kinds:
        hint = "take out `kinds`, or write another stage"
        fields.refuse("there are no media at stage input", fields.place("kinds"), hint)

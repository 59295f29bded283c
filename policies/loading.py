"""From texts to everything that a policy decides with: its own rules and those of the base, compiled side by side.

This module knows what is read and in which order. It does not decide: `policies.engine` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from policies.cel import Environment
from policies.compiler import CompiledRule, compile_rules
from policies.document import parse
from policies.fields import Notes
from policies.problems import Problem
from policies.protected import Base, refuse_soft, refuse_taken
from policies.rules import Document
from policies.signals import Signal
from policies.vocabulary import vocabulary_of


@dataclass(frozen=True, slots=True)
class Compiled:
    """What became of a text. document: None where not even a table could be read.

    rules: the document's and the base's, sorted by id. signals: what they may read. problems: empty for a good policy.
    """

    document: Document | None = None
    rules: tuple[CompiledRule, ...] = ()
    signals: Mapping[str, Signal] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


def compile_policy(text: str, source: str, signals: Mapping[str, Signal], base: Base) -> Compiled:
    """Reads and compiles a policy with its base. source: the text's name for messages."""
    joined = compile_base(base, signals)
    if text == base.text and joined.document is not None:
        return joined  # so that the base can be checked and tested as policies are
    notes = Notes(source)
    return join(parse(text, notes), notes, signals, joined)


def join(document: Document | None, notes: Notes, signals: Mapping[str, Signal], joined: Compiled) -> Compiled:
    """Compiles a document with a compiled base. notes: what was noted when it was read."""
    if document is None:
        return Compiled(problems=(*joined.problems, *notes.all()))
    refuse_taken(document.rules, (each.rule for each in joined.rules), notes)
    vocabulary = vocabulary_of(document, signals)
    rules = _by_id((*compile_rules(document, vocabulary, notes), *joined.rules))
    readable = {**vocabulary.signals, **joined.signals}
    return Compiled(document, rules, readable, (*joined.problems, *notes.all()))


def environment_of(signals: Mapping[str, Signal]) -> Environment:
    """The environment in which compiled conditions are judged: their constants are written into them."""
    return Environment({name: signal.type for name, signal in signals.items()})


def compile_base(base: Base, signals: Mapping[str, Signal]) -> Compiled:
    """Reads and compiles a base alone."""
    if not base.text:
        return Compiled(signals=signals)
    notes = Notes(base.source)
    return alone(parse(base.text, notes, protected=True), notes, signals)


def alone(document: Document | None, notes: Notes, signals: Mapping[str, Signal]) -> Compiled:
    """Compiles the document of a base. notes: what was noted when it was read."""
    if document is None:
        return Compiled(problems=tuple(notes.all()))
    refuse_soft(document.rules, notes)
    vocabulary = vocabulary_of(document, signals)
    rules = _by_id(compile_rules(document, vocabulary, notes))
    return Compiled(document, rules, vocabulary.signals, tuple(notes.all()))


def _by_id(rules: Iterable[CompiledRule]) -> tuple[CompiledRule, ...]:
    return tuple(sorted(rules, key=lambda each: each.rule.id))

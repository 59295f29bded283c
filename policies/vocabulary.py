"""Everything that the conditions and texts of one policy may name: signals, its parameters, its thresholds and lists.

This module knows names. It does not know rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from policies.cel import Environment
from policies.constants import Constant, declared
from policies.rules import Document
from policies.signals import Signal


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """signals: what is read from a subject. constants: what stands in the document. names: both, for the checker.

    environment: declares all of them.
    """

    signals: Mapping[str, Signal]
    constants: Mapping[str, Constant]
    names: Mapping[str, Signal]
    environment: Environment


def vocabulary_of(document: Document, signals: Mapping[str, Signal]) -> Vocabulary:
    """The words of a document over the signals of a build."""
    parameters = {name: Signal(name, kind, optional=True) for name, kind in document.parameters.items()}
    readable = {**signals, **parameters}
    names = {**readable, **declared(document.constants)}
    environment = Environment({name: signal.type for name, signal in names.items()})
    return Vocabulary(readable, document.constants, names, environment)

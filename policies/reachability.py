"""Rules that could never fire: parts of one condition that exclude each other, or that its scope excludes.

Only what stands at the top of a condition, joined by `&&`, is looked at, and only comparisons of a signal with a value:
what is refused here can never hold, and much that can never hold is not found.

This module knows the tree, the signals and scopes. It does not know the CEL library, YAML or actions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policies.base import Stage
from policies.rules import Scope
from policies.rulings import MIRRORED, Ruling
from policies.signals import Signal
from policies.tree import Node

BEFORE_MEDIA_HINT = "a rule for orders may name request.… and parameter.… only"


@dataclass(slots=True)
class _Span:
    """The numbers that are left. Bounds are closed; the next number stands for an open one."""

    low: float = -math.inf
    high: float = math.inf

    def narrow(self, operator: str, limit: float, step: float) -> None:
        """step: the distance to the next number, 1 for whole numbers, 0 for the next double."""
        if operator in ("_>_", "_>=_", "_==_"):
            self.low = max(self.low, limit if operator != "_>_" else _next(limit, step))
        if operator in ("_<_", "_<=_", "_==_"):
            self.high = min(self.high, limit if operator != "_<_" else -_next(-limit, step))


def contradictions(tree: Node, scope: Scope, signals: Mapping[str, Signal]) -> Iterator[Ruling]:
    """Why the condition can never hold for a subject of this scope; nothing where it may."""
    if scope.stage == Stage.INPUT:
        for node in tree.walk():
            if node.kind == "name" and node.name in signals and not signals[node.name].of_order:
                start = node.offset - node.name.rfind(".")
                yield Ruling(
                    start, f"{node.name} has no value at stage input: nothing has been made", BEFORE_MEDIA_HINT
                )
        # What follows would say the same again.
        return
    yield from _excluded(tree, scope, signals)


def conjuncts(tree: Node) -> Iterator[Node]:
    """The parts of a condition that must all hold, in the order of the text."""
    if tree.kind == "call" and tree.name == "_&&_":
        for child in tree.children:
            yield from conjuncts(child)
    else:
        yield tree


def _excluded(tree: Node, scope: Scope, signals: Mapping[str, Signal]) -> Iterator[Ruling]:
    words = _of_scope(scope)
    spans: dict[str, _Span] = {}
    for part in conjuncts(tree):
        if part.kind == "constant" and part.value is False:
            yield Ruling(part.offset, "this part never holds, so the whole condition never does", "take the rule out")
            return
        for name, allowed in _words_of(part):
            words[name] = words.get(name, signals[name].values or allowed) & allowed if name in signals else allowed
            if not words[name]:
                yield Ruling(
                    part.offset, f"{name} cannot be this here", "the rest of the rule, or applies_to, excludes it"
                )
                return
        for name, operator, limit in _limits_of(part, signals):
            span = spans.setdefault(name, _Span())
            span.narrow(operator, limit, 1 if signals[name].type == "int" else 0)
            if span.low > span.high:
                yield Ruling(part.offset, f"no {name} is this and what the rest of the condition asks for", "widen one")
                return


def _of_scope(scope: Scope) -> dict[str, frozenset[str]]:
    """What the scope leaves of the signals that it speaks of."""
    stages = frozenset((scope.stage,)) if scope.stage else frozenset((Stage.UPLOAD, Stage.OUTPUT))
    found = {
        "request.stage": frozenset(str(stage) for stage in stages),
        "request.direction": frozenset((scope.direction,)) if scope.direction else frozenset(),
        "media.kind": frozenset(str(kind) for kind in scope.kinds),
        "request.tenant": scope.tenants,
        "request.surface": scope.surfaces,
        "request.jurisdiction": scope.jurisdictions,
        "request.task": scope.tasks,
    }
    return {name: words for name, words in found.items() if words}


def _words_of(part: Node) -> Iterator[tuple[str, frozenset[str]]]:
    """The signal and the words that it may be, where the part says so."""
    if part.kind != "call" or len(part.children) != 2:
        return
    left, right = part.children
    if part.name == "_==_" and left.kind == "constant":
        left, right = right, left
    if left.kind != "name":
        return
    if part.name == "_==_" and isinstance(right.value, str):
        yield left.name, frozenset((right.value,))
    if part.name == "@in" and right.kind == "list" and all(isinstance(each.value, str) for each in right.children):
        yield left.name, frozenset(str(each.value) for each in right.children)


def _limits_of(part: Node, signals: Mapping[str, Signal]) -> Iterator[tuple[str, str, float]]:
    """The signal, the operator and the number that it is compared with, the signal on the left."""
    if part.kind != "call" or part.name not in MIRRORED:
        return
    left, right = part.children
    operator = part.name
    if left.kind == "constant":
        left, right, operator = right, left, MIRRORED[operator]
    if left.name in signals and isinstance(right.value, int | float) and not isinstance(right.value, bool):
        yield left.name, operator, right.value


def _next(number: float, step: float) -> float:
    return number + step if step else math.nextafter(number, math.inf)

"""Decisions a second, beside the CEL library judging the same rules one by one; and what loading a policy costs.

Processor time of one thread: wall time would measure the neighbours too. Subjects and rules are the same everywhere.
The library alone, and the fused rules, are given values that were read before and build no reasons: the difference of
these two is what fusing gains. A decision also reads findings into values and says why.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence

from cel_expr_python import cel
from rich.console import Console
from rich.table import Table

from core.media import digest_of
from detectors.base import Verdict
from policies.base import Subject
from policies.bundle import Bundle
from policies.engine import RulePolicy, load_policy
from policies.loading import environment_of
from policies.protected import NO_BASE
from policies.signals import declare
from tests.policies.fakes import FakeDetector, document, finding, rule, subject

RULES = (20, 200)
SIGNALS = 30
_ROUNDS = 9
_DETECTORS = [FakeDetector(f"d{number}") for number in range(6)]
_TYPES = {
    "bool": cel.Type.BOOL,
    "int": cel.Type.INT,
    "double": cel.Type.DOUBLE,
    "string": cel.Type.STRING,
    "list<string>": cel.Type.List(cel.Type.STRING),
}


def main(console: Console) -> None:
    """Prints one table."""
    table = Table(title=f"Policy, {SIGNALS} signals, one core, processor time", title_justify="left")
    for heading in ("rules", "what", "a second", "beside the library", "ms each"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    for count in RULES:
        for row in measured(count):
            table.add_row(str(count), *row)
    console.print(table)


def measured(count: int) -> Iterator[tuple[str, str, str, str]]:
    """The rows of one number of rules."""
    text = document(*(rule(f"rule-{number}", condition(number)) for number in range(count)))
    policy = load_policy(text, "bench.yaml", _DETECTORS, NO_BASE)
    if len(policy.signals) != SIGNALS:
        raise RuntimeError(f"{len(policy.signals)} signals are read, not {SIGNALS}")
    all_ran, one_abstained = subjects(), subjects(abstained=True)
    library = rate(one_by_one(policy, all_ran))
    values, fused = [policy.read(each) for each in all_ran], bundle(policy)
    works: tuple[tuple[str, Callable[[int], object], int], ...] = (
        ("the same rules, fused", lambda number: fused.judge(values[number % len(values)], range(count)), 500),
        ("decisions", lambda number: policy.decide(all_ran[number % len(all_ran)]), 500),
        ("decisions, one of six detectors abstained", lambda number: policy.decide(one_abstained[number % 64]), 500),
        ("explanations", lambda number: policy.explain(all_ran[number % len(all_ran)]), 5),
        ("loads", lambda _: load_policy(text, "bench.yaml", _DETECTORS, NO_BASE), 3),
    )
    yield "the library, one by one", f"{library:,.0f}", "1.0", f"{1000 / library:,.3f}"
    for name, work, times in works:
        found = rate(work, times)
        beside = f"{found / library:.1f}" if times == 500 else ""
        yield name, f"{found:,.0f}", beside, f"{1000 / found:,.3f}"


def condition(number: int) -> str:
    """The condition of one rule; twenty of them read all thirty signals."""
    one, other = f"d{number % 6}", f"d{(number + 1) % 6}"
    limit = 0.9 + number / 10_000
    return (
        f"{one}.score > {limit} && media.width > {100 + number}",
        f"{one}.detected && {other}.probability >= {limit}",
        f"{one}.codes.exists(code, code == 'code.{number}') || {other}.detected && {one}.score > {limit}",
        f"media.kind == 'image' && credential.state in ['invalid', 'unparseable'] && request.surface == 's{number}'",
        f"{one}.probability > {limit} || 'code.{number}' in {one}.codes && request.jurisdiction == 'DE' "
        "&& media.mime != 'image/gif'",
    )[number % 5]


def subjects(*, abstained: bool = False) -> list[Subject]:
    """Uploads for some of which a rule or two fire."""
    chance = random.Random(5)
    return [
        subject(
            *(
                finding(
                    detector.name,
                    Verdict.ABSTAINED if abstained and detector.name == "d0" else Verdict.NOT_DETECTED,
                    score=chance.random() * 0.92,
                    probability=chance.random() * 0.92,
                    codes=(f"code.{chance.randrange(300)}",),
                )
                for detector in _DETECTORS
            ),
            surface="feed",
            digest=digest_of(bytes([number])),
        )
        for number in range(64)
    ]


def one_by_one(policy: RulePolicy, seen: Sequence[Subject]) -> Callable[[int], object]:
    """The library alone: one activation a subject, then every rule's expression."""
    signals = declare(_DETECTORS)
    environment = cel.NewEnv(variables={name: _TYPES[signal.type] for name, signal in signals.items()})
    expressions = [environment.compile(each.rule.when.text) for each in policy.rules]
    values = [policy.read(each) for each in seen]

    def judge(number: int) -> object:
        activation = environment.Activation(values[number % len(values)])
        return [expression.eval(activation).value() for expression in expressions]

    return judge


def bundle(policy: RulePolicy) -> Bundle:
    """The policy's conditions, fused."""
    return Bundle([each.condition for each in policy.rules], policy.signals, environment_of(policy.signals))


def rate(work: Callable[[int], object], count: int = 500) -> float:
    """Calls a second of processor time, in the best of some rounds: others' work only ever slows one down."""
    best = float("inf")
    for _ in range(_ROUNDS):
        began = time.process_time()
        for number in range(count):
            work(number)
        best = min(best, time.process_time() - began)
    return count / best

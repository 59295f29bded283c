"""Whether the cases of a policy would notice a change of it: `countersign policy test --mutate`.

This module knows which mutants live. What a mutant is, `policies.mutants` knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import ConfigurationError
from detectors.base import Source
from policies.cases import Tested, judge
from policies.document import document_of
from policies.engine import RulePolicy
from policies.fields import Notes
from policies.loading import Compiled, alone, compile_base, join
from policies.mutants import Mutant, mutants
from policies.protected import Base, shipped
from policies.signals import declare
from policies.strict_yaml import read as read_yaml


@dataclass(frozen=True, slots=True)
class Mutation:
    """What became of all mutants of a policy. noticed: by a case. refused: not even loaded. survivors: unnoticed."""

    noticed: int
    refused: int
    survivors: tuple[Mutant, ...]

    @property
    def ok(self) -> bool:
        """Whether the cases notice every change that loads, and there was one."""
        return self.noticed > 0 and not self.survivors


def run_mutation(
    policy: str, cases: str, sources: Iterable[Source], *, name: str = "the policy", base: Base | None = None
) -> Mutation:
    """Changes one thing after the other and runs the cases on each.

    policy, cases: documents that `policies.cases.run_cases` finds in order; else ConfigurationError. base: as there.
    """
    known, joined = tuple(sources), base or shipped()
    tested = _tested(policy, known, name, joined)
    compiled_base = compile_base(joined, declare(known))
    read, problems = tested.read(cases, "the cases")
    if problems:
        raise ConfigurationError("\n".join(str(problem) for problem in problems))
    noticed, refused, survivors = 0, 0, []
    for mutant in mutants(read_yaml(policy), tested.policy, tested.signals):
        changed = _changed(mutant, tested, compiled_base, is_base=policy == joined.text)
        if changed is None:
            refused += 1
        elif any(result.failures for result in judge(changed, read, known)):
            noticed += 1
        else:
            survivors.append(mutant)
    return Mutation(noticed, refused, tuple(survivors))


def _changed(mutant: Mutant, tested: Tested, base: Compiled, *, is_base: bool) -> RulePolicy | None:
    """The changed policy; None where it cannot be loaded. is_base: whether it is the base itself."""
    notes = Notes("a mutant")
    signals = declare(tested.sources)
    document = document_of(mutant.root, notes, protected=is_base)
    compiled = alone(document, notes, signals) if is_base else join(document, notes, signals, base)
    if compiled.document is None or compiled.problems:
        return None
    return RulePolicy(compiled.document, tested.policy.digest, tested.policy.base_digest, compiled)


def _tested(policy: str, sources: tuple[Source, ...], name: str, base: Base) -> Tested:
    tested = Tested.of(policy, sources, name, base)
    if not isinstance(tested, Tested):
        raise ConfigurationError("\n".join(str(problem) for problem in tested))
    return tested

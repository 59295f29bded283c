"""Whether the cases of a policy would notice a change of it: `countersign policy test --mutate`.

This module knows which mutants live. What a mutant is, `policies.mutants` knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import ConfigurationError
from detectors.base import Source
from policies.cases import judge, read_cases
from policies.engine import load_policy
from policies.mutants import Mutant, mutants
from policies.signals import declare


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


def run_mutation(policy: str, cases: str, sources: Iterable[Source], *, name: str = "the policy") -> Mutation:
    """Changes one thing after the other and runs the cases on each.

    policy, cases: documents that `policies.cases.run_cases` finds in order; else ConfigurationError.
    """
    known = tuple(sources)
    loaded = load_policy(policy, name, known)
    read, problems = read_cases(cases, loaded, known, "the cases")
    if problems:
        raise ConfigurationError("\n".join(str(problem) for problem in problems))
    noticed, refused, survivors = 0, 0, []
    for mutant in mutants(policy, loaded, declare(known)):
        try:
            changed = load_policy(mutant.text, name, known)
        except ConfigurationError:
            refused += 1
            continue
        if any(result.failures for result in judge(changed, read, known)):
            noticed += 1
        else:
            survivors.append(mutant)
    return Mutation(noticed, refused, tuple(survivors))

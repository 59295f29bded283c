"""What was found wrong with each ingredient: recorded when it was taken in, and found again now.

c2pa reports of an ingredient only what differs from the record, as a delta under the address of the ingredient's
assertion. An ingredient's standing is both together. Runs in the sandbox. Decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from server.provenance.shapes import code, rows, table
from server.provenance.verdict import SIGNER_TRUSTED, UNTRUSTED

SUCCESS, FAILURE, INFORMATIONAL = "success", "failure", "informational"
_ADDRESS = re.compile(r"self#jumbf=/c2pa/([^/]+)/c2pa\.assertions/([^/]+)")

Place: TypeAlias = tuple[str, str]
"""Labels of a manifest and of an ingredient assertion in it."""


@dataclass(slots=True)
class Standing:
    """Status codes on one ingredient."""

    successes: set[str] = field(default_factory=set)
    failures: set[str] = field(default_factory=set)

    def add(self, statuses: Mapping[str, Any]) -> None:
        """Takes in the statuses of one list."""
        self.successes.update(codes(statuses, SUCCESS))
        self.failures.update(codes(statuses, FAILURE))


def standings(results: Mapping[str, Any], manifests: Mapping[str, Any]) -> dict[Place, Standing]:
    """The standing of every ingredient of which anything was found.

    results: of the whole store, found now. Who was a stranger when taken in may have come onto the trust list since:
    then c2pa says so now, and the record is outdated.
    """
    found: dict[Place, Standing] = {}
    for label, manifest in manifests.items():
        for ingredient in rows(table(manifest).get("ingredients")):
            recorded = table(ingredient.get("validation_results"))
            place = label, str(ingredient.get("label"))
            standing = found.setdefault(place, Standing())
            standing.add(table(recorded.get("activeManifest")))
            # The form before validation_results existed: failures only, but some tools listed successes too.
            old = [status for status in rows(ingredient.get("validation_status")) if not status.get("success")]
            standing.failures.update(map(code, old))
            for deeper, statuses in deltas(recorded):
                found.setdefault(deeper, Standing()).add(statuses)
    for place, statuses in deltas(results):
        standing = found.setdefault(place, Standing())
        standing.add(statuses)
        if SIGNER_TRUSTED in codes(statuses, SUCCESS):
            standing.failures.discard(UNTRUSTED)
    return found


def deltas(results: Mapping[str, Any]) -> Iterator[tuple[Place, Mapping[str, Any]]]:
    """What differs from the record, by ingredient. An address that cannot be read is a place of its own."""
    for delta in rows(results.get("ingredientDeltas")):
        named = str(delta.get("ingredientAssertionURI"))
        match = _ADDRESS.fullmatch(named)
        yield (match[1], match[2]) if match else ("", named), table(delta.get("validationDeltas"))


def codes(statuses: Mapping[str, Any], kind: str) -> list[str]:
    """The status codes of one kind."""
    return [code(status) for status in rows(statuses.get(kind))]

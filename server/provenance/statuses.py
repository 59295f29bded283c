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
from server.provenance.verdict import EXPIRY, SIGNER_TRUSTED, UNTRUSTED

SUCCESS, FAILURE, INFORMATIONAL = "success", "failure", "informational"
TIME_TRUSTED, TIME_UNTRUSTED = "timeStamp.trusted", "timeStamp.untrusted"
_ADDRESS = re.compile(r"self#jumbf=/c2pa/([^/]+)/c2pa\.assertions/([^/]+)")

Place: TypeAlias = tuple[str, str]
"""Labels of a manifest and of an ingredient assertion in it."""


@dataclass(slots=True)
class Standing:
    """Status codes on one ingredient. doubted: somebody noted that the authority of its time is on no list."""

    successes: set[str] = field(default_factory=set)
    failures: set[str] = field(default_factory=set)
    doubted: bool = False

    @property
    def time_proven(self) -> bool:
        """Whether its time stamp is by an authority that is believed. One word against it is enough."""
        return TIME_TRUSTED in self.successes and not self.doubted

    def add(self, statuses: Mapping[str, Any]) -> None:
        """Takes in the statuses of one list: what the record says, or what differs from it."""
        self.successes.update(codes(statuses, SUCCESS))
        self.failures.update(codes(statuses, FAILURE))
        self.doubted |= TIME_UNTRUSTED in codes(statuses, INFORMATIONAL)

    def correct(self, statuses: Mapping[str, Any]) -> None:
        """Takes in what is found now and differs from the record. Whom we believe now decides, not who was believed
        when it was taken in: a stranger may have come onto the list since, and so may who stamped the time.
        """
        now = set(codes(statuses, SUCCESS))
        if TIME_TRUSTED in now:
            self.doubted = False
        self.add(statuses)
        if SIGNER_TRUSTED in now:
            self.failures -= {UNTRUSTED, *(EXPIRY if self.time_proven else ())}


def standings(results: Mapping[str, Any], manifests: Mapping[str, Any]) -> dict[Place, Standing]:
    """The standing of every ingredient of which anything was found. results: of the whole store, found now."""
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
        found.setdefault(place, Standing()).correct(statuses)
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

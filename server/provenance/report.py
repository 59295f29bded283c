"""Boils a manifest store, as c2pa reports it, down to the bounded facts that `judge` needs.

Runs in the sandbox, because everything in a manifest is written by whoever made the file. Decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from server.provenance.outline import TELLING, actions_of, name_and_version, outline
from server.provenance.shapes import MAX_ITEMS, address, rows, table, text, unique
from server.provenance.statuses import FAILURE, INFORMATIONAL, SUCCESS, Place, Standing, codes, standings

MAX_STORE = 1 << 20  # characters of the JSON report; real stores have tens of thousands
MAX_MANIFESTS = 256


class StoreTooLarge(ValueError):
    """A manifest store beyond what is worth reading; its message says what was too large."""


def facts_of(report: str) -> dict[str, Any]:
    """Facts of c2pa's JSON report.

    state: "Trusted", "Valid" or "Invalid". active: label of the active manifest. manifests: label, title,
    claim_generator, issuer, actions, source_types and `outline` of each. successes (the telling ones), failures, notes:
    status codes of the active manifest. ingredient_failures: those found now or recorded earlier on any ingredient at
    any depth. Of each at most MAX_ITEMS: more than there are harmless ones, so that a long list cannot hide a failure.
    report: the report itself. Raises StoreTooLarge.
    """
    if len(report) > MAX_STORE:
        raise StoreTooLarge(f"the manifest store's report has {len(report)} characters, the limit is {MAX_STORE}")
    store = json.loads(report)
    manifests = table(store.get("manifests"))
    if len(manifests) > MAX_MANIFESTS:
        raise StoreTooLarge(f"the manifest store has {len(manifests)} manifests, the limit is {MAX_MANIFESTS}")
    results = table(store.get("validation_results"))
    active = table(results.get("activeManifest"))
    found = standings(results, manifests)
    return {
        "state": text(store.get("validation_state")),
        "active": text(store.get("active_manifest")),
        "manifests": [summary(label, table(manifest), found) for label, manifest in manifests.items()],
        "successes": unique(TELLING.intersection(codes(active, SUCCESS))),
        "failures": unique(codes(active, FAILURE)),
        "notes": unique(codes(active, INFORMATIONAL)),
        # c2pa says "Trusted" of a file whose parent was already broken when it was opened: only the record tells.
        "ingredient_failures": unique(code for standing in found.values() for code in standing.failures),
        "report": report,
    }


def summary(label: str, manifest: Mapping[str, Any], found: Mapping[Place, Standing]) -> dict[str, Any]:
    """What a person wants to know of one manifest."""
    actions = [one for one, _ in actions_of(manifest)]
    return {
        "label": text(label),
        "title": text(manifest.get("title")),
        "claim_generator": generator_of(manifest),
        "issuer": text(table(manifest.get("signature_info")).get("issuer")),
        "actions": [text(action.get("action")) for action in actions][:MAX_ITEMS],
        "source_types": unique(address(action.get("digitalSourceType")) for action in actions),
        "outline": outline(label, manifest, found),
    }


def generator_of(manifest: Mapping[str, Any]) -> str:
    """Name and version of the claim generator, which version 1 claims gave as one text."""
    for info in rows(manifest.get("claim_generator_info")):
        return name_and_version(info)
    return text(manifest.get("claim_generator"))

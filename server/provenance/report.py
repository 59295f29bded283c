"""Boils a manifest store, as c2pa reports it, down to the bounded facts that `judge` needs.

Runs in the sandbox, because everything in a manifest is written by whoever made the file. Decides nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

MAX_STORE = 1 << 20  # characters of the JSON report; real stores have tens of thousands
MAX_MANIFESTS = 256
MAX_TEXT = 512
MAX_ITEMS = 64
# Codes and source types enter the log for good, and a leaf has a largest size: they are words and addresses, not prose.
_CODE = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_SOURCE_TYPE = re.compile(r"[!-~]{1,128}")
OTHER_CODE = "general.error"
"""C2PA's own word for a failure without a code; stands for whatever a manifest records that is no code."""
FAILURE, INFORMATIONAL = "failure", "informational"


class StoreTooLarge(ValueError):
    """A manifest store beyond what is worth reading; its message says what was too large."""


def facts_of(report: str) -> dict[str, Any]:
    """Facts of c2pa's JSON report.

    state: "Trusted", "Valid" or "Invalid". active: label of the active manifest. manifests: label, title,
    claim_generator, issuer, actions, source_types and parents (the number of parentOf ingredients) of each.
    failures, notes: status codes of the active manifest. ingredient_failures: those found now or recorded earlier
    on any ingredient at any depth. Of each at most MAX_ITEMS: more than there are harmless ones, so that a long list
    cannot hide a failure. report: the report itself. Raises StoreTooLarge.
    """
    if len(report) > MAX_STORE:
        raise StoreTooLarge(f"the manifest store's report has {len(report)} characters, the limit is {MAX_STORE}")
    store = json.loads(report)
    manifests = table(store.get("manifests"))
    if len(manifests) > MAX_MANIFESTS:
        raise StoreTooLarge(f"the manifest store has {len(manifests)} manifests, the limit is {MAX_MANIFESTS}")
    results = table(store.get("validation_results"))
    active = table(results.get("activeManifest"))
    return {
        "state": text(store.get("validation_state")),
        "active": text(store.get("active_manifest")),
        "manifests": [summary(label, table(manifest)) for label, manifest in manifests.items()],
        "failures": unique(codes(active, FAILURE)),
        "notes": unique(codes(active, INFORMATIONAL)),
        "ingredient_failures": unique(ingredient_failures(results, manifests)),
        "report": report,
    }


def summary(label: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What a person wants to know of one manifest."""
    actions = list(actions_of(manifest))
    ingredients = rows(manifest.get("ingredients"))
    return {
        "label": text(label),
        "title": text(manifest.get("title")),
        "claim_generator": generator_of(manifest),
        "issuer": text(table(manifest.get("signature_info")).get("issuer")),
        "actions": [text(action.get("action")) for action in actions][:MAX_ITEMS],
        "source_types": unique(source_type(action) for action in actions),
        "parents": sum(ingredient.get("relationship") == "parentOf" for ingredient in ingredients),
    }


def actions_of(manifest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The actions over all action assertions, of either version of the schema."""
    for assertion in rows(manifest.get("assertions")):
        if text(assertion.get("label")).startswith("c2pa.actions"):
            yield from rows(table(assertion.get("data")).get("actions"))


def generator_of(manifest: Mapping[str, Any]) -> str:
    """Name and version of the claim generator, which version 1 claims gave as one text."""
    for info in rows(manifest.get("claim_generator_info")):
        return " ".join(filter(None, (text(info.get("name")), text(info.get("version")))))
    return text(manifest.get("claim_generator"))


def ingredient_failures(results: Mapping[str, Any], manifests: Mapping[str, Any]) -> Iterator[str]:
    """Failures found on ingredients now, and those that each tool recorded when it took an ingredient in.

    c2pa says "Trusted" of a file whose parent was already broken when it was opened: only the record tells.
    """
    yield from delta_failures(results)
    for manifest in manifests.values():
        for ingredient in rows(table(manifest).get("ingredients")):
            recorded = table(ingredient.get("validation_results"))
            yield from codes(table(recorded.get("activeManifest")), FAILURE)
            yield from delta_failures(recorded)
            # The form before validation_results existed: failures only, but some tools listed successes too.
            yield from (code(s) for s in rows(ingredient.get("validation_status")) if not s.get("success"))


def delta_failures(results: Mapping[str, Any]) -> Iterator[str]:
    """Failures in which an ingredient's state differs from what was recorded before."""
    for delta in rows(results.get("ingredientDeltas")):
        yield from codes(table(delta.get("validationDeltas")), FAILURE)


def codes(statuses: Mapping[str, Any], kind: str) -> Iterator[str]:
    """The status codes of one kind."""
    return (code(status) for status in rows(statuses.get(kind)))


def code(status: Mapping[str, Any]) -> str:
    """The code of one status; OTHER_CODE where a manifest has something else in its place."""
    found = text(status.get("code"))
    return found if not found or _CODE.fullmatch(found) else OTHER_CODE


def source_type(action: Mapping[str, Any]) -> str:
    """The digital source type of an action, an address; "" where it names none."""
    found = text(action.get("digitalSourceType"))
    return found if _SOURCE_TYPE.fullmatch(found) else ""


def unique(values: Iterable[str]) -> list[str]:
    """Sorted, without repetitions and blanks; at most MAX_ITEMS."""
    return sorted({value for value in values if value})[:MAX_ITEMS]


def text(value: object) -> str:
    """The value if it is a text, cut; else ""."""
    return value[:MAX_TEXT] if isinstance(value, str) else ""


def table(value: object) -> Mapping[str, Any]:
    """The value if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Mapping[str, Any]]:
    """The tables in a list; other things in it, and other things than a list, are left out."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []

"""Whether a signed file says what was written into its manifest, and nothing else.

Compares c2pa's report of what is in the file with the definition that it was given. The report came through the sandbox
and is compared only, never interpreted: whatever is missing or of another form is a difference.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from server.provenance.claim import OPENED, PLACED
from server.provenance.definition import ACTIONS
from server.provenance.reading import Store

TAKES = {OPENED: "parentOf", PLACED: "componentOf"}
"""What an ingredient is, by the action that takes it in."""
ADDRESSES = frozenset({"ingredientIds", "ingredients"})
"""By which an action names its ingredient: a label before signing, an address with a hash after it."""


PROOFS_OF_TIME = frozenset({"timeStamp.validated", "timeStamp.trusted"})
HASHES = "c2pa.hash."
"""How labels begin of what binds the manifest to the file's bytes, which c2pa adds and checks itself."""


def differences(store: Store | None, written: str) -> tuple[str, ...]:
    """In which parts the active manifest differs from the definition `written`, JSON; none where it says just that."""
    found, wanted = active_manifest(store), json.loads(written)
    taken = Counter(TAKES[action["action"]] for action in actions_of(wanted) if action.get("action") in TAKES)
    compared = {
        "title": (found.get("title"), wanted["title"]),
        "actions": (stripped(actions_of(found)), stripped(actions_of(wanted))),
        "assertions": (stated(found), stated(wanted)),
        "thumbnail": ("thumbnail" in found, "thumbnail" in wanted),
        "ingredients": (Counter(str(one.get("relationship")) for one in rows(found.get("ingredients"))), taken),
    }
    return tuple(name for name, (said, claimed) in compared.items() if said != claimed)


def proves_time(store: Store | None) -> bool:
    """Whether the active manifest has a time stamp that holds, by an authority on the trust list."""
    try:
        active = json.loads(store.report)["validation_results"]["activeManifest"] if store else {}
        found = {one.get("code") for one in rows(active.get("success"))}
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return found >= PROOFS_OF_TIME


def active_manifest(store: Store | None) -> Mapping[str, Any]:
    """The manifest that speaks for the file; an empty one where there is none."""
    try:
        return dict(json.loads(store.report)["manifests"][store.active]) if store else {}
    except (ValueError, KeyError, TypeError):
        return {}


def actions_of(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The actions, in order, over all assertions of actions."""
    data = (one.get("data") for one in rows(manifest.get("assertions")) if one.get("label") == ACTIONS)
    return [action for one in data if isinstance(one, dict) for action in rows(one.get("actions"))]


def stripped(actions: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Actions without the addresses of ingredients, which nobody knows before the file is signed."""
    return [{**action, "parameters": without_addresses(action.get("parameters"))} for action in actions]


def without_addresses(parameters: object) -> Mapping[str, Any]:
    """An action's parameters less its ingredients."""
    kept = parameters if isinstance(parameters, dict) else {}
    return {name: value for name, value in kept.items() if name not in ADDRESSES}


def stated(manifest: Mapping[str, Any]) -> list[tuple[object, str]]:
    """Label and content, as JSON text, of every assertion but actions and hashes of the file, in order."""
    return [
        (one.get("label"), json.dumps(one.get("data"), sort_keys=True))
        for one in rows(manifest.get("assertions"))
        if one.get("label") != ACTIONS and not str(one.get("label")).startswith(HASHES)
    ]


def rows(value: object) -> list[Mapping[str, Any]]:
    """The tables in a list."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []

"""What a forger who owns the zip can do: change every file, and make summary and manifest anew. The log's key is not
theirs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from core.media import digest_of
from countersign.verify.canonical import canonical_json
from countersign.verify.case import layout, verify_case
from countersign.verify.case.account import read_account
from countersign.verify.case.archive import pack, unpack
from countersign.verify.case.manifest import write_manifest
from countersign.verify.case.summary import summary
from countersign.verify.errors import VerificationError
from tests.bundle.story import CARDS, MASK, MEDIA, POLICY, TRUST, VKEY, full_story

STORY = full_story()
CASE = STORY.case()
FILES = unpack(CASE)
MASK_FILE = layout.evidence_file(digest_of(MASK), "image/png")
POLICY_FILE = layout.document_file(digest_of(POLICY), "application/yaml")
CARD_FILE = layout.document_file(digest_of(CARDS["copy_move"]), "text/markdown")
TRUST_FILE = layout.document_file(digest_of(TRUST), "text/plain")

Files = dict[str, bytes]
Change = Callable[[Files], None]


def listed(files: Mapping[str, bytes], **told: Any) -> bytes:
    """The case with a manifest that fits `files`. told: what the manifest says otherwise."""
    others = {name: data for name, data in files.items() if name != layout.MANIFEST}
    manifest = {**json.loads(FILES[layout.MANIFEST]), **told}
    others[layout.MANIFEST] = write_manifest(others, manifest["decision_id"], manifest["state"])
    return pack({name: others[name] for name in layout.in_order(others)})


def forged(change: Change, **told: Any) -> bytes:
    """The case after `change`, with summary, state and manifest that fit it, as far as they can be made to."""
    files = dict(FILES)
    change(files)
    try:
        account = read_account(files)
    except VerificationError:  # no summary can be made of it
        return listed(files, **told)
    if layout.SUMMARY in files:
        files[layout.SUMMARY] = summary(account)
    return listed(files, **{"state": account.states[-1].as_json(), **told})


def complaints(case: bytes, trust: str | None = str(VKEY)) -> dict[str, str]:
    """The checks that fail, with what they say."""
    return {check.name: check.detail for check in verify_case(case, trust, MEDIA) if not check.ok}


def unchanged(_: Files) -> None:
    """Forges nothing."""


def without(name: str) -> Change:
    return lambda files: files.__delitem__(name)


def with_(name: str, data: bytes) -> Change:
    return lambda files: files.__setitem__(name, data)


def edited(name: str, edit: Callable[[Any], Any]) -> Change:
    """A JSON file of the case after `edit`, which changes it in place or returns another."""

    def change(files: Files) -> None:
        value = json.loads(files[name])
        files[name] = canonical_json(edit(value) or value)

    return change


def receipt_of(index: int) -> bytes:
    return canonical_json(STORY.ledger.receipt(index))


def renumbered(*kept: int) -> Change:
    """The history with only these of its entries, in this order."""

    def change(files: Files) -> None:
        entries = [files.pop(layout.history_file(number)) for number in (1, 2, 3)]
        for number, at in enumerate(kept, 1):
            files[layout.history_file(number)] = entries[at - 1]
        kept_indexes = {json.loads(entries[at - 1])["log_index"] for at in kept}
        gone = {json.loads(entry)["log_index"] for entry in entries} - kept_indexes
        disclosed = json.loads(files[layout.DISCLOSURES])
        files[layout.DISCLOSURES] = canonical_json({k: v for k, v in disclosed.items() if int(k) not in gone})

    return change

"""The names and roles of the files in a case, and their order. `docs/case.md` describes them for people.

This module knows names and how each file is spelled. It does not know what makes a case true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from countersign.verify.canonical import canonical_json
from countersign.verify.commitments import Disclosure
from countersign.verify.encoding import encode_base64

FORMAT = "countersign-case@v1"
MANIFEST = "manifest.json"
SUMMARY = "summary.html"
RECEIPT = "receipt.json"
INTENT = "intent.json"
CONFIGURATION = "configuration.json"
DISCLOSURES = "disclosures.json"
CREDENTIAL = "credential.json"
CHECKPOINT = "checkpoint"
KEYS = "log_keys.json"
TIMESTAMP = "timestamp.tsr"

MAX_EVENTS = 9999
"""Reviews and appeals, and removals, that the names below leave room for."""

_ROLES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), role)
    for pattern, role in (
        (r"summary\.html", "summary"),
        (r"receipt\.json", "decision"),
        (r"intent\.json", "intent"),
        (r"configuration\.json", "configuration"),
        (r"disclosures\.json", "disclosures"),
        (r"credential\.json", "credential"),
        (r"checkpoint", "checkpoint"),
        (r"log_keys\.json", "log_keys"),
        (r"timestamp\.tsr", "timestamp"),
        (r"history/[0-9]{4}\.json", "history"),
        (r"removals/[0-9]{4}\.json", "removal"),
        (r"members/[0-9]{4}\.json", "members"),
        (r"documents/[0-9a-f]{64}\.[a-z]+", "document"),
        (r"evidence/[0-9a-f]{64}\.[a-z]+", "evidence"),
    )
)
_SUFFIXES = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "text/plain": "txt",
    "text/markdown": "md",
    "application/json": "json",
    "application/yaml": "yaml",
}


def role_of(name: str) -> str:
    """The role of a file; "" for one that has no place in a case. The manifest has no role: it lists the others."""
    return next((role for pattern, role in _ROLES if pattern.fullmatch(name)), "")


def history_file(number: int) -> str:
    """The receipt of review or appeal `number`, counted from 1."""
    return f"history/{number:04d}.json"


def removal_file(number: int) -> str:
    """The receipt of erasure or retention `number`, counted from 1."""
    return f"removals/{number:04d}.json"


def members_file(removal: str) -> str:
    """What shows which entries the erasure in the file `removal` took from."""
    return removal.replace("removals/", "members/", 1)


def evidence_file(digest: str, mime: str) -> str:
    """A picture or text that a finding names."""
    return f"evidence/{digest.removeprefix('sha256:')}.{suffix_of(mime)}"


def document_file(digest: str, mime: str) -> str:
    """A policy, a card or a trust list."""
    return f"documents/{digest.removeprefix('sha256:')}.{suffix_of(mime)}"


def digest_in(name: str) -> str:
    """The digest that the name of a piece of evidence or a document states."""
    return "sha256:" + name.rpartition("/")[2].partition(".")[0]


def suffix_of(mime: str) -> str:
    """What a file of this type is called, so that a double click opens it."""
    return _SUFFIXES.get(mime, "bin")


def disclosures_file(disclosures: Mapping[int, Mapping[str, Disclosure]]) -> bytes:
    """{index of the entry: {field: [salt in base64, value]}}; entries without any are left out."""
    return canonical_json(
        {
            str(index): {name: [encode_base64(each.salt), each.value] for name, each in fields.items()}
            for index, fields in disclosures.items()
            if fields
        }
    )


def keys_file(keys: Iterable[Mapping[str, Any]]) -> bytes:
    """The log's keys in their order: [{"vkey", "since_size", "statement"}]."""
    return canonical_json(list(keys))


def in_order(names: Iterable[str]) -> list[str]:
    """The manifest, what people read first, then the rest by name."""
    first = {MANIFEST: 0, SUMMARY: 1}
    return sorted(names, key=lambda name: (first.get(name, 2), name))

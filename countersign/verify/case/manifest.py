"""The manifest of a case: its table of contents, with a digest and a role for each file.

Nobody signs the manifest. It protects against accidents; what protects against people are the receipts, which bind
every digest that matters to the log.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from countersign.verify.canonical import canonical_json, parse_canonical
from countersign.verify.case import layout
from countersign.verify.errors import VerificationError

MAX_JSON = 32 * 1024**2
"""Bytes of JSON in a case: as values they take ten times as much."""


def digest_of(data: bytes) -> str:
    """Of a file: "sha256:" and 64 hexadecimal digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def write_manifest(files: Mapping[str, bytes], decision_id: str, state: Mapping[str, Any]) -> bytes:
    """The manifest of `files`, which do not include it. state: `State.as_json`."""
    return canonical_json(
        {
            "format": layout.FORMAT,
            "decision_id": decision_id,
            "state": state,
            "files": [
                {
                    "name": name,
                    "role": layout.role_of(name),
                    "digest": digest_of(files[name]),
                    "byte_size": len(files[name]),
                }
                for name in layout.in_order(files)
            ],
        }
    )


def read_manifest(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    """The manifest in `files`, whose list it fits exactly; VerificationError names the first file that it does not."""
    if layout.MANIFEST not in files:
        raise VerificationError(f"{layout.MANIFEST} is missing: this zip is no case")
    if sum(len(data) for name, data in files.items() if name.endswith(".json")) > MAX_JSON:
        raise VerificationError(f"the JSON files of a case have at most {MAX_JSON} bytes together")
    manifest = parse_canonical(files[layout.MANIFEST])
    if not isinstance(manifest, dict) or manifest.get("format") != layout.FORMAT:
        raise VerificationError(f"this zip is no case of the form {layout.FORMAT}")
    others = {name: data for name, data in files.items() if name != layout.MANIFEST}
    expected = write_manifest(others, manifest.get("decision_id", ""), manifest.get("state", {}))
    if files[layout.MANIFEST] != expected:
        raise VerificationError(_difference(manifest, parse_canonical(expected)))
    if unknown := [name for name in others if not layout.role_of(name)]:
        raise VerificationError(f"{unknown[0]} has no place in a case")
    if list(files) != layout.in_order(files):
        raise VerificationError("the files are not in their order")
    return manifest


def _difference(found: Mapping[str, Any], expected: Mapping[str, Any]) -> str:
    """What is wrong with the manifest `found`, in words."""
    listed, there = _by_name(found), _by_name(expected)
    if missing := sorted(listed.keys() - there.keys()):
        return f"{missing[0]} is missing"
    if added := sorted(there.keys() - listed.keys()):
        return f"{added[0]} is not in the manifest"
    for name, line in there.items():
        if listed[name] != line:
            return f"{name} does not have the digest, size and role that the manifest gives"
    return "the manifest has fields that are not known, or another order"


def _by_name(manifest: Mapping[str, Any]) -> dict[str, Any]:
    lines = manifest.get("files")
    found = lines if isinstance(lines, list) else []
    return {str(line["name"]): line for line in found if isinstance(line, dict) and "name" in line}

"""Evidence as files that a person can open."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from countersign.cli.files import safe_name, write_atomically
from countersign.errors import CorruptAnswer
from countersign.v1 import common_pb2

SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "text/plain": ".txt", "application/json": ".json"}


def save_evidence(folder: Path, file: Path, decision: common_pb2.Decision) -> dict[str, str]:
    """Writes what the findings carry and returns the paths by digest.

    Raises CorruptAnswer for bytes that do not match the digest which the log binds.
    """
    saved: dict[str, str] = {}
    for finding in decision.findings:
        for evidence in finding.evidence:
            if not evidence.data:
                continue
            digest = hashlib.sha256(evidence.data).hexdigest()
            if evidence.digest != f"sha256:{digest}":
                raise CorruptAnswer("evidence does not match its digest", limit=evidence.digest, found=digest)
            stem = safe_name(f"{file.name}.{finding.detector}.{evidence.kind}.{digest[:12]}")
            path = folder / f"{stem}{SUFFIXES.get(evidence.mime_type, '.bin')}"
            # The name holds the digest: what is there already is the same.
            write_atomically(path, evidence.data, force=True)
            saved[evidence.digest] = str(path)
    return saved


def name_paths(decision: dict[str, Any], saved: dict[str, str]) -> None:
    """Adds "path" to the evidence of a decision's JSON form; None where nothing was saved."""
    for finding in decision["findings"]:
        for evidence in finding["evidence"]:
            evidence["path"] = saved.get(evidence["digest"])

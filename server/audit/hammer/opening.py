"""How every process of the hammer opens the log: as a server does, with the key of its data directory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from countersign.verify.note import VerifierKey
from server.audit.log import AuditLog
from server.audit.tree.generations import read_standing
from server.audit.tree.keys import load_or_create


@dataclass(frozen=True, slots=True)
class Opened:
    """A log, to be closed, and the key that its checkpoints are verified with."""

    log: AuditLog
    key: VerifierKey


async def open_log(url: str, keys: Path, origin: str) -> Opened:
    """The log at `url`. keys: the directory with its key, which is made for a log that has none.

    ConfigurationError if the log has another key, or cannot be opened.
    """
    standing = await asyncio.to_thread(read_standing, url)
    signer = load_or_create(keys, origin, standing)
    log = await AuditLog.open(url, signer, origin, mark_dir=keys)
    return Opened(log, VerifierKey(origin, signer.public_key))

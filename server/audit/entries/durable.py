"""What is kept of a signed file beside its entry, so that its manifest can be found and given again.

The leaf commits to all of it in one private field: it goes when that goes, and fsck holds every row against it. Values
are opaque here; what they mean is `server.recovery`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.media import digest_of

DURABLE = "durable"
"""The private field."""


@dataclass(frozen=True, slots=True)
class Durable:
    """bindings: (kind, value), each once; kind at most 16 characters, value at most 64 bytes. manifest_id: label of the
    active manifest. manifest: the manifest store, JUMBF. sketches: small pictures by which a match is confirmed.
    """

    bindings: tuple[tuple[str, bytes], ...]
    manifest_id: str
    manifest: bytes
    sketches: bytes = b""

    def as_json(self) -> dict[str, Any]:
        """The value of the private field: everything small, and the digests of the rest."""
        return {
            "bindings": [[kind, value.hex()] for kind, value in sorted(self.bindings)],
            "manifest_id": self.manifest_id,
            "manifest": digest_of(self.manifest),
            "sketches": digest_of(self.sketches),
        }

    @property
    def byte_size(self) -> int:
        """Bytes in memory, roughly."""
        return len(self.manifest) + len(self.sketches) + sum(len(value) for _, value in self.bindings)


def bindings_in(value: Any) -> set[tuple[str, bytes]]:
    """(kind, value) in the private field's value. ValueError for something else than `Durable.as_json` makes."""
    if not isinstance(value, Mapping) or not isinstance(value.get("bindings"), list):
        raise ValueError("the bindings are not readable")
    return {_binding(each) for each in value["bindings"]}


def _binding(pair: Any) -> tuple[str, bytes]:
    if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(each, str) for each in pair):
        raise ValueError("a binding is not readable")
    return pair[0], bytes.fromhex(pair[1])

"""Manifest stores beside files whose format has no place for one: the C2PA specification's "external manifests".

Such a store is bound to every byte of its file: it must leave nothing out, or one that was taken from somewhere else
could vouch for a file whose content lies in what it leaves out. Runs in the sandbox.
"""

from __future__ import annotations

import json
from typing import Any

from c2pa import Context, Reader

from core.sandbox.contract import Request

FORMATS = frozenset({"application/dicom"})
"""MIME types whose credentials lie beside them."""
STORE = "application/c2pa"
"""MIME type of a manifest store in a file of its own."""
_HASH = "c2pa.hash.data"


def reader_of(request: Request, context: Context) -> Reader | None:
    """The reader of the first blob's store: in it, or, of formats that have no place for one, the second blob.

    None where there is no store. Raises C2paError, and ValueError for a store beside a file of another format.
    """
    beside = request.blobs[1] if len(request.blobs) > 1 else b""
    if request.mime not in FORMATS:
        if beside:
            raise ValueError("a manifest store beside a file that holds its own")
        found: Reader | None = Reader.try_create(request.mime, request.stream(0), context=context)
        return found
    return Reader(request.mime, request.stream(0), beside, context=context) if beside else None


def refuse_gaps(reader: Reader, active: str) -> None:
    """Raises ValueError unless the manifest `active` is bound to the whole file."""
    assertions: dict[str, Any] = json.loads(reader.detailed_json())["manifests"][active]["assertion_store"]
    if _HASH not in assertions or assertions[_HASH].get("exclusions"):
        raise ValueError("the manifest store is not bound to every byte of the file")

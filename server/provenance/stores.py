"""Parsers for manifest stores apart from their files: `store` takes one out, `recovered` reads one, `active` cuts one
down.

They run in the sandbox. A recovered store does not fit the file that it was recovered for: what binds it to the pixels
is broken, that is why it had to be recovered. Everything else about it can be checked. Judges nothing.
"""

from __future__ import annotations

import io
import struct
from contextlib import ExitStack
from typing import Any

import numpy as np
from c2pa import C2paError, Context, Reader

from core.errors import CorruptMedia
from core.media import View
from core.sandbox.contract import Request
from server.provenance.detached import STORE
from server.provenance.jumbf import boxes, description_of
from server.provenance.parse import settings, signers_of
from server.provenance.report import StoreTooLarge, facts_of

PARSERS = {name: f"server.provenance.stores:{name}" for name in ("store", "recovered", "active")}


def store(request: Request) -> View:
    """The manifest store of the first blob, as it lies in the file.

    options: `Trust.options()`, `mime` of the blob. Arrays: `store`, uint8, JUMBF. Raises CorruptMedia where there is
    none.
    """
    data = io.BytesIO()
    try:
        with ExitStack() as stack:
            context = stack.enter_context(Context.from_dict(settings(request.options)))
            reader = stack.enter_context(Reader(request.options["mime"], request.stream(0), context=context))
            # For the address of a manifest, c2pa gives the whole store.
            label = facts_of(reader.json())["active"]
            reader.resource_to_stream(f"self#jumbf=/c2pa/{label}", data)
    except (C2paError, StoreTooLarge, ValueError, RecursionError) as error:
        raise CorruptMedia(f"no manifest store can be taken out: {error}"[:512], field="media") from error
    return View(arrays={"store": np.frombuffer(data.getbuffer(), np.uint8)})


def recovered(request: Request) -> View:
    """Reads and validates the manifest store that the first blob is.

    options: `Trust.options()`. Facts: those of `server.provenance.reading.Reading`.
    """
    facts: dict[str, Any] = {"trust": request.options["trust"]}
    try:
        with ExitStack() as stack:
            context = stack.enter_context(Context.from_dict(settings(request.options)))
            reader = stack.enter_context(Reader(STORE, io.BytesIO(request.blobs[0]), context=context))
            found = facts_of(reader.json())
            found["signers"] = signers_of(reader, found, request.options)
            return View(facts=facts | {"store": found})
    except (C2paError, StoreTooLarge, ValueError, RecursionError) as error:
        return View(facts=facts | {"unparseable": (str(error) or type(error).__name__)[:512]})


def active(request: Request) -> View:
    """The manifest store that the first blob is, with one manifest alone.

    options: `label` of the manifest. Arrays: `store`, uint8, JUMBF. Raises CorruptMedia where it is not there.
    """
    try:
        ((_, outer),) = boxes(request.blobs[0])
        inner = list(boxes(outer))
        ((_, description),) = inner[:1]
        manifests = [payload for kind, payload in inner if kind == b"jumb"]
        (manifest,) = (each for each in manifests if description_of(each)[1] == request.options["label"])
    except ValueError as error:
        raise CorruptMedia(f"there is no such manifest in the store: {error}"[:512], field="manifest_id") from error
    alone = _box(b"jumb", _box(b"jumd", description) + _box(b"jumb", manifest))
    return View(arrays={"store": np.frombuffer(alone, np.uint8)})


def _box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I4s", len(payload) + 8, kind) + payload

"""The parsers that touch manifest stores, all run by the sandbox: `credentials` and `crjson` read, `sign` writes.

c2pa parses whole media files, so it runs where a break-in finds no network, no files and no keys: a signature is asked
for outside (`Request.ask`). Never fetches anything. Judges nothing: that is `server.provenance.judge`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from ctypes import CFUNCTYPE
from typing import Any

import numpy as np
from c2pa import Builder, C2paError, C2paSigningAlg, Context, Reader, Signer

from core.errors import CorruptMedia, LimitExceeded
from core.media import View
from core.sandbox.contract import Request
from server.provenance import detached
from server.provenance.countersigning import countersign
from server.provenance.definition import THUMBNAIL
from server.provenance.framing import refuse_framing
from server.provenance.jumbf import signers
from server.provenance.report import StoreTooLarge, facts_of
from server.provenance.thumbnail import thumbnail
from server.provenance.vouching import roots_of

PARSERS = {name: f"server.provenance.parse:{name}" for name in ("credentials", "crjson", "sign")}
"""For `Sandbox.start`. `credentials` needs `Trust.options()` as its constant options."""

FORMATS = frozenset(
    {
        "image/avif",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/tiff",
        "image/webp",
        "video/mp4",
        "video/quicktime",
    }
)
"""MIME types in which credentials are read and written. BMP and WebM have no place for a manifest."""
SIGNED = FORMATS | detached.FORMATS
"""Those, and the ones whose credentials are written to lie beside them."""
READ = SIGNED | {"image/heif", "image/x-adobe-dng", "image/x-nikon-nef", "image/x-sony-arw"}
"""Those in which they are read: cameras and phones sign in formats that we do not write."""

ALGORITHMS = {
    "es256": C2paSigningAlg.ES256,
    "es384": C2paSigningAlg.ES384,
    "es512": C2paSigningAlg.ES512,
    "ed25519": C2paSigningAlg.ED25519,
    "ps256": C2paSigningAlg.PS256,
}
REMOTE = "Remote"  # how c2pa's message begins where it would have to fetch the manifest
CALLBACKS = 62
MAX_CRJSON = 4 << 20  # bytes; the form is two to three times as long as the report that `credentials` reads


def warm() -> None:
    """Reserves the callbacks by which c2pa reads and writes streams, before confinement makes that impossible.

    ctypes builds a callback out of writable code, one page of which holds 62; it keeps freed ones for the next. The
    price is that a worker has such a page at all. Signing with a parent needs 13 at a time.
    """
    callback = CFUNCTYPE(None)
    reserved = [callback(lambda: None) for _ in range(CALLBACKS)]
    reserved.clear()


def credentials(request: Request) -> View:
    """Reads and validates the manifest store of the first blob; the second, if any, is the one that lay beside it.

    options: `Trust.options()`. Facts: those of `server.provenance.reading.Reading`.
    """
    facts: dict[str, Any] = {"trust": request.options["trust"]}
    if request.mime not in READ:
        return View(facts=facts)
    try:
        with ExitStack() as stack:
            context = stack.enter_context(Context.from_dict(settings(request.options)))
            reader = detached.reader_of(request, context)
            if reader is None:
                return View(facts=facts)
            store = facts_of(stack.enter_context(reader).json())
            if request.mime in detached.FORMATS:
                detached.refuse_gaps(reader, store["active"])
                refuse_framing(request.stream(1), detached.STORE)
            else:
                refuse_framing(request.stream(0), request.mime)
            store["signers"] = signers_of(reader, store, request.options)
            return View(facts=facts | {"store": store})
    except (C2paError, StoreTooLarge, ValueError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        if reason.startswith(REMOTE):
            return View(facts=facts | {"remote": True})
        return View(facts=facts | {"unparseable": reason[:512]})


def crjson(request: Request) -> View:
    """The manifest store of the first blob, or the one beside it, in C2PA's crJSON form, whatever it is worth.

    options: `Trust.options()`. Arrays: `crjson`, uint8, UTF-8; none where there is no store in the file, or none that
    can be read. Raises LimitExceeded above MAX_CRJSON.
    """
    if request.mime not in READ:
        return View()
    try:
        with ExitStack() as stack:
            context = stack.enter_context(Context.from_dict(settings(request.options)))
            reader = detached.reader_of(request, context)
            if reader is None:
                return View()
            text = stack.enter_context(reader).crjson().encode()
    except (C2paError, ValueError):
        return View()
    if len(text) > MAX_CRJSON:
        raise LimitExceeded(
            f"the crJSON form has {len(text)} bytes, allowed are {MAX_CRJSON}",
            field="crjson",
            limit=str(MAX_CRJSON),
            found=str(len(text)),
        )
    return View(arrays={"crjson": np.frombuffer(text, np.uint8)})


def sign(request: Request) -> View:
    """Embeds a manifest into the first blob, or makes one to lie beside it where its format has no place for one; the
    other blobs, if any, become its ingredients.

    options: `Trust.options()`, `mime` of the output, `definition` (c2pa's manifest definition, JSON), `chain` (PEM),
    `algorithm`, `ingredients`, one for each of the other blobs: c2pa's `definition` of it, JSON, and its `mime`; and
    `timestamp`, whether to ask for one as well. Asks for the signature, then for the token (`StampQuestion`).
    File: the signed one. Arrays: `store`, uint8, JUMBF, where it lies beside. Raises CorruptMedia naming what c2pa
    refused.
    """
    options, signed, asked = request.options, request.result, Remembered(request.ask)
    try:
        with ExitStack() as stack:
            context = stack.enter_context(Context.from_dict(settings(options)))
            algorithm = ALGORITHMS[options["algorithm"]]
            signer = stack.enter_context(Signer.from_callback(asked, algorithm, options["chain"], None))
            builder = stack.enter_context(Builder(options["definition"], context))
            for number, ingredient in enumerate(options["ingredients"], start=1):
                builder.add_ingredient(ingredient["definition"], ingredient["mime"], request.stream(number))
            if "thumbnail" in json.loads(options["definition"]):
                builder.add_resource(THUMBNAIL, thumbnail(request.stream(0)))
            if beside := options["mime"] in detached.FORMATS:
                builder.set_no_embed()
            store = builder.sign(signer, options["mime"], request.stream(0), signed)
    except (C2paError, OSError, ValueError) as error:
        raise CorruptMedia(f"cannot sign this file: {error}"[:512], field="media") from error
    if not beside:
        if options["timestamp"]:
            countersign(signed, options["mime"], store, asked.answer, request.ask)
        return View()
    alone = io.BytesIO(store)
    if options["timestamp"]:
        countersign(alone, detached.STORE, store, asked.answer, request.ask)
    return View(arrays={"store": np.frombuffer(alone.getvalue(), np.uint8)})


class Remembered:
    """Asks, and keeps the last answer."""

    def __init__(self, ask: Callable[[bytes], bytes]) -> None:
        self._ask = ask
        self.answer = b""

    def __call__(self, question: bytes) -> bytes:
        """The answer."""
        self.answer = self._ask(question)
        return self.answer


def settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """c2pa's settings. It silently ignores a misspelt key, so `Provenance.self_test` proves that these work.

    Remote manifests and OCSP are network requests that a file could direct anywhere, so they are off. Verification
    after signing is off because `Provenance.sign` reads every file back itself; thumbnails would cost more than all
    the rest together. In films, "free" boxes are signed like all others, because anything can be hidden in them.
    """
    return {
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_after_sign": False},
        "trust": {"anchors": options["lists"], "trust_config": "\n".join(options["purposes"]) + "\n"},
        "builder": {"thumbnail": {"enabled": False}, "bmff_hash_exclude_free_and_skip_boxes": False},
    }


def signers_of(reader: Reader, store: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Facts of the signers by the labels of their manifests; of those that cannot be examined, none."""
    boxes = io.BytesIO()
    try:
        # For the address of a manifest, c2pa gives the whole store as it lies in the file.
        reader.resource_to_stream(f"self#jumbf=/c2pa/{store['active']}", boxes)
    except C2paError:
        return {}
    labels = {manifest["label"] for manifest in store["manifests"]}
    return signers(boxes.getvalue(), labels, roots_of(options["lists"]))

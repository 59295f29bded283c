"""What can be done to a signed file without its signer: cut, exchange, insert, relabel, for every format."""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Callable

import av
import c2pa

from server.provenance import Identity, Trust, parse
from server.provenance.carriers import replace_store
from tests.provenance.files import flip, replace_once

JPEG, PNG, MP4 = "image/jpeg", "image/png", "video/mp4"
# How each format names the place of the manifest store.
CARRIERS = {
    "image/avif": bytes.fromhex("d8fec3d61b0e483c92975828877ec481"),
    "image/gif": b"C2PA_GIF",
    JPEG: b"\xff\xeb",
    PNG: b"caBX",
    "image/webp": b"C2PA",
    MP4: bytes.fromhex("d8fec3d61b0e483c92975828877ec481"),
}
COMMENT = b"written afterwards"
QUIET = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}


def store_of(data: bytes, mime: str) -> bytes:
    """The manifest store as it lies in the file, in one piece."""
    out = io.BytesIO()
    with c2pa.Context.from_dict(QUIET) as context, c2pa.Reader(mime, io.BytesIO(data), context=context) as reader:
        active = json.loads(reader.json())["active_manifest"]
        reader.resource_to_stream(f"self#jumbf=/c2pa/{active}", out)
    return out.getvalue()


def operated(data: bytes, mime: str, operation: Callable[[bytes], bytes]) -> bytes:
    """The file with its store changed by an operation that keeps its length, checksums of the container made right."""
    old = store_of(data, mime)
    file = io.BytesIO(data)
    replace_store(file, mime, old, operation(old))
    return file.getvalue()


def edited(data: bytes, mime: str, old: bytes, new: bytes) -> bytes:
    """The first `old` in the store changed to `new` of the same length."""
    return operated(data, mime, lambda store: replace_once(store, old, new))


def edited_everywhere(data: bytes, mime: str, old: bytes, new: bytes) -> bytes:
    """Every `old` in the store changed."""
    return operated(data, mime, lambda store: store.replace(old, new))


def with_store_of(data: bytes, other: bytes, mime: str) -> bytes:
    """The file with the store of another that has a store of the same length."""
    store = store_of(other, mime)
    return operated(data, mime, lambda old: store.ljust(len(old), b"\0"))


def signature_flipped(data: bytes, mime: str) -> bytes:
    """One bit of the signature itself, which is the end of its box."""

    def change(store: bytes) -> bytes:
        box = store.index(b"cbor", store.index(b"c2pa.signature\0")) - 4
        return flip(store, box + struct.unpack_from(">I", store, box)[0] - 1)

    return operated(data, mime, change)


def box_too_long(data: bytes, mime: str) -> bytes:
    """The manifest's box says that it is four gigabytes long."""

    def change(store: bytes) -> bytes:
        box = store.index(b"jumb", 8) - 4
        return store[:box] + b"\xff\xff\xff\xf0" + store[box + 4 :]

    return operated(data, mime, change)


def carrier_renamed(data: bytes, mime: str) -> bytes:
    """The place of the store under a name that nobody looks for."""
    name = CARRIERS[mime]
    other = b"\xff\xec" if mime == JPEG else name[:-1] + bytes([name[-1] ^ 1])
    renamed = data.replace(name, other) if mime == JPEG else replace_once(data, name, other)
    return with_chunk_sums(renamed) if mime == PNG else renamed


def with_chunk_sums(png: bytes) -> bytes:
    """A PNG whose chunks have the checksums that they should."""
    out, at = bytearray(png[:8]), 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        body = png[at + 4 : at + 8 + size]
        out += png[at : at + 4] + body + struct.pack(">I", zlib.crc32(body))
        at += size + 12
    return bytes(out)


def chunk(kind: bytes, body: bytes) -> bytes:
    """A PNG chunk."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def exif_inserted(data: bytes, mime: str) -> bytes:
    """An EXIF block where there was none."""
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
    if mime == JPEG:
        return data[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + data[2:]
    return data[:-12] + chunk(b"eXIf", exif[6:]) + data[-12:]


def comment_inserted(data: bytes, mime: str) -> bytes:
    """A remark in the container."""
    if mime == JPEG:
        return data[:2] + b"\xff\xfe" + struct.pack(">H", len(COMMENT) + 2) + COMMENT + data[2:]
    return data[:-12] + chunk(b"tEXt", b"Comment\0" + COMMENT) + data[-12:]


def second_store(data: bytes, mime: str) -> bytes:
    """The store twice."""
    if mime == PNG:
        at = data.index(b"caBX") - 4
        size = struct.unpack_from(">I", data, at)[0] + 12
        return data[: at + size] + data[at : at + size] + data[at + size :]
    at = data.index(b"\xff\xeb")
    size = struct.unpack_from(">H", data, at + 2)[0] + 2
    copy = bytearray(data[at : at + size])
    copy[6:8] = b"\x7f\x7f"  # the number of the box: another one
    return data[: at + size] + bytes(copy) + data[at + size :]


def free_box_appended(data: bytes, mime: str) -> bytes:
    """An empty box at the end, which ISO 14496-12 allows anywhere."""
    return data + struct.pack(">I4s", 16, b"free") + bytes(8)


def remuxed(data: bytes, mime: str) -> bytes:
    """The same coded pictures in a new container."""
    out = io.BytesIO()
    with av.open(io.BytesIO(data), "r") as source, av.open(out, "w", format="mp4") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                target.mux(packet)
    return out.getvalue()


def labels(data: bytes, mime: str) -> dict[str, bytes]:
    """The manifests' labels by their titles."""
    with c2pa.Context.from_dict(QUIET) as context, c2pa.Reader(mime, io.BytesIO(data), context=context) as reader:
        manifests = json.loads(reader.json())["manifests"]
    return {manifest["title"]: label.encode() for label, manifest in manifests.items()}


def remote_only(picture: bytes, definition: str, identity: Identity, url: str) -> bytes:
    """A JPEG that names its manifest's address and carries no manifest."""
    out = io.BytesIO()
    with (
        c2pa.Context.from_dict(parse.settings(Trust(identity.root_pem).options())) as context,
        c2pa.Signer.from_callback(identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem, None) as signer,
        c2pa.Builder(definition, context) as builder,
    ):
        builder.set_no_embed()
        builder.set_remote_url(url)
        builder.sign(signer, JPEG, io.BytesIO(picture), out)
    return out.getvalue()

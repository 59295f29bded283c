"""Files signed with whatever manifest a test wants, with ingredients, as other tools than ours write them."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import c2pa

from server.provenance import Identity, Trust, parse
from tests.provenance.files import make

JPEG = "image/jpeg"
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
CAPTURED = {
    "action": "c2pa.created",
    "when": "2026-01-02T03:04:05Z",
    "softwareAgent": {"name": "Firmware", "version": "3"},
    "digitalSourceType": SOURCE + "digitalCapture",
}


@dataclass(frozen=True)
class Part:
    """An ingredient: its title, its file, and how it was used. Actions name it by its title."""

    title: str
    data: bytes
    relationship: str = "parentOf"
    mime: str = JPEG


def actions(*each: dict[str, Any]) -> dict[str, Any]:
    """The assertion that lists them."""
    return {"label": "c2pa.actions.v2", "created": True, "data": {"actions": list(each)}}


def act(action: str, *titles: str, **fields: Any) -> dict[str, Any]:
    """An action done with the parts of these titles."""
    return {"action": action, **({"parameters": {"ingredientIds": list(titles)}} if titles else {}), **fields}


def produce(
    title: str,
    identity: Identity,
    *assertions: dict[str, Any],
    parts: Sequence[Part] = (),
    data: bytes | None = None,
    mime: str = JPEG,
    tool: str = "Studio",
    trust: Trust | None = None,
    clock: str | None = None,
) -> bytes:
    """A file with one new manifest. trust: under which parts are validated when they are taken in; by default the
    identity's own root. clock: address of an authority of time, which c2pa itself asks.
    """
    definition = {
        "claim_generator_info": [{"name": tool, "version": "1"}],
        "title": title,
        "format": mime,
        "assertions": list(assertions) or [actions(CAPTURED)],
    }
    out = io.BytesIO()
    options = (trust or Trust(identity.root_pem)).options()
    with (
        c2pa.Context.from_dict(parse.settings(options)) as context,
        c2pa.Signer.from_callback(identity.sign, c2pa.C2paSigningAlg.ES256, identity.chain_pem, clock) as signer,
        c2pa.Builder(definition, context) as builder,
    ):
        for part in parts:
            stated = {"title": part.title, "relationship": part.relationship, "label": part.title}
            builder.add_ingredient(json.dumps(stated), part.mime, io.BytesIO(part.data))
        builder.sign(signer, mime, io.BytesIO(make(mime) if data is None else data), out)
    return out.getvalue()


def edit(title: str, identity: Identity, before: bytes, mime: str = JPEG, trust: Trust | None = None) -> bytes:
    """A resized copy of `before`."""
    steps = actions(act("c2pa.opened", "before"), act("c2pa.resized"))
    return produce(title, identity, steps, parts=[Part("before", before, mime=mime)], trust=trust)

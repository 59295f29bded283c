"""Pictures that explain an output, made when an order asks for them: a comparison, a map of risk.

    draw → encode → open (sandbox) → examine, decide → label, declare → sign, with upload and output as parts → store

They are outputs too: each is screened, signed, kept and named on the record by its digest before it leaves. One that
the policy blocks, or that cannot be made as it has to be, is withheld with the reason; it never costs the order its
output.

This module knows that order. How the pictures are drawn, `generators.comparison` and `generators.risk` know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from core.encoding import encode_image
from core.errors import IntegrityError, InvalidInput, LimitExceeded, PreconditionFailed
from core.media import Frame, Media
from generators.base import SOURCE, Output
from generators.comparison import Side, compare
from generators.exif import orientation
from generators.marking.drawing import upright
from generators.risk import risk_map
from generators.still import rgb_profile
from policies.base import Action, Decision
from server import inputs
from server.examination import Examiner
from server.finishing.finisher import Finished, Finisher
from server.outputs import OutputStore
from server.provenance import Binding, Claim, Provenance
from server.provenance.work import COMPOSITED, GENERATIVE
from server.requests import COMPARISON, Order
from server.work import Work

MIME = "image/png"
BLOCKED = "the policy blocks it"
_COMPOSITE, _DATA = "composite", "dataDrivenMedia"
"""IPTC: a picture of several, and a representation of data."""


@dataclass(frozen=True, eq=False, slots=True)
class Companions:
    """What came of those that were asked for. files: signed, by name. json: what the record says of each, by name."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    json: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Explained:
    """An output that is ready: as the model made it, finished, signed, and what was decided on it."""

    output: Output
    finished: Finished
    signed: bytes
    decision: Decision


class Explainer:
    """Makes companions of outputs."""

    def __init__(self, examiner: Examiner, finisher: Finisher, provenance: Provenance, outputs: OutputStore) -> None:
        self._examiner = examiner
        self._finisher = finisher
        self._provenance = provenance
        self._outputs = outputs

    async def explain(self, work: Work, explained: Explained) -> Companions:
        """Every companion that the order asks for, or why there is none. Raises Unavailable and IntegrityError."""
        files: dict[str, bytes] = {}
        said: dict[str, Mapping[str, Any]] = {}
        if not work.order.companions:
            return Companions()
        parts = [work.given[SOURCE].media, await self._examiner.open(explained.signed)]
        for name in work.order.companions:
            try:
                files[name], said[name] = await self._one(name, work, explained, parts)
            except IntegrityError:
                raise
            except (InvalidInput, LimitExceeded, PreconditionFailed) as error:
                said[name] = {"withheld": str(error)}
        return Companions(files, said)

    async def _one(
        self, name: str, work: Work, explained: Explained, parts: list[Media]
    ) -> tuple[bytes, dict[str, Any]]:
        """A signed file and what the record says of it. Raises PreconditionFailed where the policy blocks it."""
        data = await asyncio.to_thread(drawn, name, work.order, parts[0], explained)
        media = await self._examiner.open(data)
        seen = await self._examiner.examine(media, work.context)
        decision = inputs.joined(explained.decision, seen.decision)
        if decision.action is Action.BLOCK:
            raise PreconditionFailed(BLOCKED)
        marks = work.marks(decision)
        # A map shows figures: a label over some of them would be read as more of them.
        marks = marks if name == COMPARISON else replace(marks, label=None)
        finished = await self._finisher.finish_beside(media, marks)
        claim = claim_of(name, work, decision, finished)
        signed = await self._provenance.sign(finished.media.data, finished.media.mime, claim, components=parts)
        digest = await asyncio.to_thread(self._outputs.put, signed.data)
        told = {"digest": digest, "mime": finished.media.mime, "byte_size": len(signed.data)}
        return signed.data, told | {"action": decision.action.name, "manifest_id": signed.credential.manifest_id}


def drawn(name: str, order: Order, source: Media, explained: Explained) -> bytes:
    """The companion as a PNG file, upright. Takes a while: not for the event loop."""
    before, after = source.frames()[0], explained.finished.media.frames()[0]
    exif, icc = (_block(source, tag) for tag in ("exif", "icc"))
    turned = orientation(exif)
    if name == COMPARISON:
        height, width = before.pixels.shape[:2]
        made_height, made_width = after.pixels.shape[:2]
        done = f"after: {made_width}×{made_height}, {order.model.task} by {order.model.name}"
        both = compare(Side(before, f"before: {width}×{height}", turned), Side(after, done, turned))
        return encode_image(both, MIME, icc=rgb_profile(icc))
    # Of what the model made, before a watermark and a label were put on it: these are not its inventions.
    risk = risk_map(before.pixels, explained.output.frame.pixels, lambda: False)
    return encode_image(Frame(upright(risk, turned).copy()), MIME)


def claim_of(name: str, work: Work, decision: Decision, finished: Finished) -> Claim:
    """What its manifest says: made here out of the upload and the output, under the decision on both."""
    order = work.order
    composite = COMPOSITED if order.source_type in GENERATIVE else _COMPOSITE
    return Claim(
        title=f"{name} of {order.model.task} by {order.model.name}",
        source_type=composite if name == COMPARISON else _DATA,
        model=f"countersign {name}",
        model_version=version("countersign"),
        action="created",
        binding=Binding(decision.policy_digest, work.intent.index, order.request_id),
        made_at=datetime.now(UTC),
        components=2,
        labelled=finished.marks.label is not None,
    )


def companions_in(making: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    """What an entry says of companions, by name, out of what it says of the making."""
    found: Mapping[str, Mapping[str, Any]] = making.get("companions", {})
    return found


def _block(media: Media, name: str) -> bytes:
    array = media.view("tags").arrays.get(name)
    return b"" if array is None else array.tobytes()

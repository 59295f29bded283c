"""Writes decisions, refusals and intents into the audit log, and finds them again by request_id.

Knows what an entry holds (`server.record`) and who asked. Does not know how the log keeps it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from core.credential import NO_CREDENTIAL, Credential
from core.errors import (
    Conflict,
    CorruptMedia,
    InvalidInput,
    LimitExceeded,
    ParserFailed,
    PreconditionFailed,
    UnsupportedMedia,
)
from detectors.base import Finding
from policies.base import Decision
from server import record
from server.audit import AuditLog, Durable, Entry, Recorded
from server.examination import Context, Examination
from server.metrics import Metrics
from server.recovery.bindings import Bindings
from server.requests import Order, Request
from server.settled import settled

REFUSALS: Mapping[str, type[InvalidInput] | type[LimitExceeded]] = {
    kind.__name__: kind for kind in (InvalidInput, UnsupportedMedia, CorruptMedia, ParserFailed, LimitExceeded)
}
NOTHING: Mapping[str, Any] = MappingProxyType({})
NO_ACTION = 0
"""The log's action number of entries that decide nothing: intents and refusals."""


MadeWith: TypeAlias = Callable[[str], str]


def nothing_named(_: str) -> str:
    """Decisions name nothing that they are made with."""
    return ""


class Recorder:
    """The pipeline's pen. Every method returns only after the entry is durable.

    made_with: the digest of what decisions by the policy of a digest are made with (`server.documents`), which every
    entry then names; of "" what holds now, and "" for none.
    """

    def __init__(self, log: AuditLog, metrics: Metrics, made_with: MadeWith = nothing_named) -> None:
        self._log = log
        self._metrics = metrics
        self._made_with = made_with

    async def earlier(self, request: Request) -> Recorded | None:
        """The record of the same request, None at its first time.

        Raises Conflict when the id was used for another request, the same refusal when it was refused, and
        PreconditionFailed when it was cancelled: the log holds one intent and one end for an id, so a second try under
        it would leave no trace of its own.
        """
        found = await self._log.find(request.caller.tenant, request.id)
        if found is None:
            # An intent without a decision tells of lost work; another request under its id would hide that.
            refuse_another(request, await self._log.find(request.caller.tenant, request.id, "intent"))
            if await self._log.find(request.caller.tenant, request.id, "cancellation") is not None:
                raise PreconditionFailed(f"request_id {request.id!r} was cancelled or failed; ask again under another")
            return None
        refuse_another(request, found)
        refusal = record.decode(found).get("refusal")
        if refusal is not None:
            kind = REFUSALS[refusal["error"]]
            raise kind(refusal["message"], field=refusal["field"], limit=refusal["limit"], found=refusal["found"])
        return found

    async def refusal(
        self,
        request: Request,
        context: Context,
        error: InvalidInput | LimitExceeded,
        media_digest: str = "",
        previews: Mapping[str, Any] = NOTHING,
    ) -> Recorded:
        """Records that a request was refused. media_digest is "" where the media was never received whole.

        previews: as `Previews.json`, where some work was done before.
        """
        body = {
            "direction": context.direction,
            "media_digest": media_digest,
            "refusal": record.refusal_json(error, REFUSALS),
            **previews,
        }
        return await self._append("decision", request, body)

    async def intent(
        self, request: Request, context: Context, order: Order, asked: Decision, given: Mapping[str, Examination]
    ) -> Recorded:
        """Records what is about to be made, before it is made. asked: what the policy said of the order. given: the
        pictures that came with it.
        """
        body = {
            "direction": context.direction,
            "task": context.task,
            "making": record.making_json(order, stage="intent", asked=asked, given=given),
        }
        return await self._append("intent", request, body, private=record.prompts_json(order))

    async def cancellation(self, request: Request, context: Context, previews: Mapping[str, Any]) -> None:
        """Records that what was announced came to nothing: nobody waits for it any more, or it failed after previews of
        it had left. previews: as `Previews.json`, all that left.

        Nothing is recorded where nothing was announced, or where an end of it is on the record. It is no decision: what
        was asked for can be asked for again, under another id.
        """
        tenant = request.caller.tenant
        intent = await self._log.find(tenant, request.id, "intent")
        if intent is None or await self._log.find(tenant, request.id) is not None:
            return
        body = {"direction": context.direction, "task": context.task, "intent_index": intent.index, **previews}
        await self._append("cancellation", request, body)

    async def order(self, request: Request, context: Context, order: Order, decision: Decision) -> Recorded:
        """Records a decision on what was asked for, before there is any media. The words asked with can be erased."""
        body = {
            "direction": context.direction,
            "context": record.context_json(context),
            "findings": [],
            "making": record.making_json(order, stage="input", asked=decision),
            **record.decision_json(decision),
        }
        return await self._append("decision", request, body, decision, private=record.prompts_json(order))

    async def decision(
        self,
        request: Request,
        context: Context,
        seen: Examination,
        *,
        media: Mapping[str, Any] | None = None,
        credential: Credential | None = None,
        making: Mapping[str, Any] | None = None,
        bindings: Bindings | None = None,
        manifest: bytes = b"",
    ) -> Recorded:
        """Records a decision.

        media: `record.media_json` of the file that the caller has or gets, and credential what that file carries,
        where these are not the examined ones (signing changes both). making: how the media was made, outbound only.
        bindings: what the signed file that leaves is recognised by, with its manifest store (JUMBF): kept with the
        entry, so that the manifest is found again when a copy of the file has lost it.
        A decision that the log cannot hold, because media made it too long, is recorded as a refusal, which is raised.
        """
        file = dict(media or record.media_json(seen.media))
        public, named = record.split_credential(credential or seen.credential)
        body = {
            "direction": context.direction,
            "media_digest": file.pop("digest"),
            "media": file,
            "context": record.context_json(context),
            "findings": [record.finding_json(finding) for finding in seen.findings],
            "credential": public | {"trust": seen.trust},
            **record.decision_json(seen.decision),
        }
        if making is not None:
            body["making"] = dict(making)
        if credential is not None:
            body["examined"] = record.examined_json(seen)
        try:
            private = {"credential": named} if named else {}
            durable = durable_of(bindings, manifest, credential) if bindings else None
            return await self._append("decision", request, body, seen.decision, seen.findings, private, durable)
        except (InvalidInput, LimitExceeded) as error:
            await self.refusal(request, context, error, str(body["media_digest"]), previews_in(making or NOTHING))
            raise

    async def _append(
        self,
        kind: Literal["decision", "intent", "cancellation"],
        request: Request,
        body: Mapping[str, Any],
        decision: Decision | None = None,
        findings: tuple[Finding, ...] = (),
        private: Mapping[str, Any] = NOTHING,
        durable: Durable | None = None,
    ) -> Recorded:
        configuration = self._made_with(decision.policy_digest if decision else "")
        entry = Entry(
            kind=kind,
            tenant=request.caller.tenant,
            actor=request.caller.actor,
            request_id=request.id,
            request_digest=request.digest,
            body={**body, **({"configuration": configuration} if configuration else {})},
            action=int(decision.action) if decision else NO_ACTION,
            direction=str(body["direction"]),
            media_digest=str(body.get("media_digest", "")),
            detected=record.detected_by(findings),
            labels=record.labels_of(findings),
            codes=tuple(reason.code for reason in decision.reasons) if decision else (),
            subject=request.subject,
            private=private,
            evidence=record.evidence_blobs(findings),
            durable=durable,
        )
        return await settled(self._write(entry))

    async def _write(self, entry: Entry) -> Recorded:
        """Appends an entry. MUST run to its end once begun: what the log has is what callers are told it has."""
        recorded = await self._log.append(entry)
        if entry.kind == "decision":
            self._metrics.decisions.labels(entry.direction, str(entry.body.get("action", "REFUSED"))).inc()
        return recorded


def previews_in(making: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an entry says of previews, out of what it says of the making."""
    return {"previews": making["previews"]} if "previews" in making else NOTHING


def durable_of(bindings: Bindings, manifest: bytes, credential: Credential | None) -> Durable:
    """What the log keeps of a signed file. credential: of that file."""
    manifest_id = (credential or NO_CREDENTIAL).manifest_id
    return Durable(bindings.values, manifest_id, manifest, b"".join(bindings.sketches))


def refuse_another(request: Request, found: Recorded | None) -> None:
    """Raises Conflict where `found` was recorded under the id of `request` for another one."""
    if found is not None and found.request_digest != request.digest:
        raise Conflict(f"request_id {request.id!r} was used for a different request")

"""What the fake server is made of: what it notes of each call, how it fails, and what it decides."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import Any

import grpc
import grpc.aio
from google.protobuf import any_pb2, duration_pb2
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from countersign.v1 import common_pb2, provenance_pb2
from tests.client.fake_log import FakeLog

Context = grpc.aio.ServicerContext[Any, Any]
EVIDENCE = b"\x89PNG mask"


def status(code: grpc.StatusCode, message: str, *details: Message) -> status_pb2.Status:
    """A google.rpc.Status with its details."""
    packed = []
    for detail in details:
        packed.append(any_pb2.Any())
        packed[-1].Pack(detail)
    return status_pb2.Status(code=code.value[0], message=message, details=packed)


def unavailable(milliseconds: int | None = None) -> status_pb2.Status:
    """UNAVAILABLE, with RetryInfo where a delay is given."""
    delay = duration_pb2.Duration()
    delay.FromMilliseconds(milliseconds or 0)
    details = [] if milliseconds is None else [error_details_pb2.RetryInfo(retry_delay=delay)]
    return status(grpc.StatusCode.UNAVAILABLE, "the log is busy", *details)


def refusal() -> status_pb2.Status:
    """What the server says of media that it cannot decode."""
    return status(
        grpc.StatusCode.INVALID_ARGUMENT,
        "the picture has too many pixels",
        error_details_pb2.ErrorInfo(
            reason="UNSUPPORTED_MEDIA",
            domain="countersign.v1",
            metadata={"field": "media", "limit": "100 pixels", "found": "200 pixels", "support_id": "abc"},
        ),
        error_details_pb2.BadRequest(field_violations=[error_details_pb2.BadRequest.FieldViolation(field="media")]),
    )


class FakeBase:
    """The attributes are for tests to read and to set."""

    def __init__(self) -> None:
        self.address = ""
        self.log = FakeLog()
        self.seen: dict[str, list[Any]] = defaultdict(list)
        self.tokens: list[str] = []
        self.deadlines: list[float] = []
        self.failures: dict[str, list[status_pb2.Status]] = defaultdict(list)
        self.decisions: dict[str, common_pb2.Decision] = {}
        self.chain: provenance_pb2.ChainManifest | None = None
        self.crjson = ""

    async def enter(self, context: Context, method: str, request: Any) -> None:
        """Notes the call, and fails it if a failure is waiting."""
        self.seen[method].append(request)
        self.deadlines.append(context.time_remaining() or 0.0)
        self.tokens += [str(value) for key, value in context.invocation_metadata() or () if key == "authorization"]
        if self.failures[method]:
            await context.abort_with_status(rpc_status.to_status(self.failures[method].pop(0)))


PROVENANCE = common_pb2.Provenance(
    state=common_pb2.CREDENTIAL_STATE_INVALID,
    codes=["assertion.dataHash.mismatch"],
    manifest_id="urn:c2pa:1",
    issuer="Fake CA",
    manifests=[
        common_pb2.Manifest(label="urn:c2pa:1", title="[red]photo[/red]\x1b[31m", active=True, actions=["c2pa.opened"])
    ],
)


def decision_on(media: bytes, number: int, request_id: str, include_evidence: bool) -> common_pb2.Decision:
    """What the fake decides."""
    word = media.split(b" ", 1)[0].decode("latin-1")
    action = {"BLOCK": common_pb2.ACTION_BLOCK, "LABEL": common_pb2.ACTION_LABEL}.get(word, common_pb2.ACTION_ALLOW)
    decision = common_pb2.Decision(
        decision_id=f"d{number:04}",
        latest_index=number,
        current_action=action,
        review_state=common_pb2.REVIEW_STATE_NONE,
        direction=common_pb2.DIRECTION_INBOUND,
        action=action,
        provenance=PROVENANCE,
        media_digest=f"sha256:{hashlib.sha256(media).hexdigest()}",
        media_kind=common_pb2.MEDIA_KIND_IMAGE,
        byte_size=len(media),
        request_id=request_id,
        reasons=[common_pb2.Reason(rule="r", code="c", text="because [bold]it[/bold]\x1b[2J", action=action)],
        findings=[
            common_pb2.Finding(
                detector="../../copy_move",
                verdict=common_pb2.VERDICT_ABSTAINED,
                explanation="too small",
                evidence=[
                    common_pb2.Evidence(
                        kind="mask",
                        mime_type="image/png",
                        digest=f"sha256:{hashlib.sha256(EVIDENCE).hexdigest()}",
                        data=EVIDENCE if include_evidence else b"",
                    )
                ],
            )
        ],
    )
    decision.decided_at.FromJsonString("2026-01-02T03:04:05Z")
    return decision

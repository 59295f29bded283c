"""`Client`: the API of `countersign.v1` as plain calls.

Every call carries a request_id and a deadline. Knows which message goes to which method; transport is
`countersign.connection`, and what the answers mean is the protos' business.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc
from google.protobuf import timestamp_pb2

from countersign.connection import Connection
from countersign.errors import CountersignError, InvalidRequest
from countersign.results import Enhancement, Screening, StageProgress, enhancement_of, no_stages
from countersign.retry import Retry
from countersign.settings import ClientSettings
from countersign.uploads import UNARY_LIMIT, ScreenParts, Upload, UploadProgress, no_progress
from countersign.v1 import audit_pb2, common_pb2, generation_pb2, model_pb2, provenance_pb2, screening_pb2
from countersign.v1.audit_pb2_grpc import AuditServiceStub
from countersign.v1.generation_pb2_grpc import GenerationServiceStub
from countersign.v1.model_pb2_grpc import ModelServiceStub
from countersign.v1.provenance_pb2_grpc import ProvenanceServiceStub
from countersign.v1.screening_pb2_grpc import ScreeningServiceStub

NO_CONTEXT = common_pb2.Context()


class Client:
    """A connection to one server, safe to share between threads.

    address, token, ca_file: default to `settings`, and these to `ClientSettings.load()`: the file named by
    COUNTERSIGN_CONFIG, then COUNTERSIGN_ADDRESS, COUNTERSIGN_TOKEN, COUNTERSIGN_CA. A CA file, or `credentials` of
    your own, turns TLS on; without it a token is only sent to this machine.
    timeout: seconds for a call with all its attempts; long_timeout: the same for streams and for making media.

    All methods raise `countersign.errors.CountersignError`.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        token: str | None = None,
        ca_file: Path | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        settings: ClientSettings | None = None,
        timeout: float = 60.0,
        long_timeout: float = 600.0,
        retry: Retry | None = None,
    ) -> None:
        given = {"address": address, "token": token, "ca": str(ca_file) if ca_file else None}
        settings = (settings or ClientSettings.load()).override(**given)
        self._connection = Connection(settings, credentials, retry or Retry())
        channel = self._connection.channel
        self._screening = ScreeningServiceStub(channel)
        self._generation = GenerationServiceStub(channel)
        self._provenance = ProvenanceServiceStub(channel)
        self._audit = AuditServiceStub(channel)
        self._models = ModelServiceStub(channel)
        self._timeout = timeout
        self._long_timeout = long_timeout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancels what is in flight and closes the connection."""
        self._connection.close()

    def screen(
        self,
        media: bytes | Path,
        *,
        context: common_pb2.Context = NO_CONTEXT,
        include_evidence: bool = False,
        declared_mime_type: str = "",
        request_id: str | None = None,
        progress: UploadProgress = no_progress,
    ) -> Screening:
        """Screens media of any size; above 32 MiB it travels in chunks.

        declared_mime_type: what the uploader claims; the server refuses media that is something else.
        request_id: give your own to ask again later for the same decision. progress: called with bytes sent and
        bytes in all, from another thread for large media.
        """
        upload = Upload.of(media)
        if upload.size > UNARY_LIMIT:
            header = screening_pb2.ScreenStreamHeader(
                request_id=request_id or new_id(),
                byte_size=upload.size,
                context=context,
                include_evidence=include_evidence,
                declared_mime_type=declared_mime_type,
            )
            return self._screen_stream(upload, header, progress)
        request = screening_pb2.ScreenRequest(
            request_id=request_id or new_id(),
            media=upload.read(),
            context=context,
            include_evidence=include_evidence,
            declared_mime_type=declared_mime_type,
        )
        progress(0, upload.size)
        answer = self._connection.unary(self._screening.Screen, request, self._timeout)
        progress(upload.size, upload.size)
        return Screening(answer.decision, answer.receipt)

    def _screen_stream(
        self, upload: Upload, header: screening_pb2.ScreenStreamHeader, progress: UploadProgress
    ) -> Screening:
        attempts: list[ScreenParts] = []

        def parts() -> Iterator[screening_pb2.ScreenStreamRequest]:
            attempts.append(ScreenParts(upload, header, progress))
            return iter(attempts[-1])

        try:
            answer = self._connection.upload(self._screening.ScreenStream, parts, self._long_timeout)
        except CountersignError as error:
            # The server complains about the missing end of the stream; the file that broke off is the cause.
            raise (attempts[-1].failure or error) from error
        return Screening(answer.decision, answer.receipt)

    def enhance(
        self,
        media: bytes | Path,
        task: str,
        *,
        model: str = "",
        parameters: Mapping[str, str] | None = None,
        seed: int = 0,
        context: common_pb2.Context = NO_CONTEXT,
        request_id: str | None = None,
        progress: StageProgress = no_stages,
    ) -> Enhancement:
        """Improves media of at most 32 MiB. progress: called with the stage and its fraction, 0 to 1."""
        request = generation_pb2.EnhanceRequest(
            request_id=request_id or new_id(),
            media=Upload.of(media).read(),
            task=task,
            model=model,
            parameters=dict(parameters or {}),
            seed=seed,
            context=context,
        )
        return self._connection.stream(
            self._generation.Enhance, request, lambda parts: enhancement_of(parts, progress), self._long_timeout
        )

    def inspect(self, media: bytes | Path, *, request_id: str | None = None) -> provenance_pb2.InspectResponse:
        """Reads and validates the credentials in media of at most 32 MiB."""
        request = provenance_pb2.InspectRequest(request_id=request_id or new_id(), media=Upload.of(media).read())
        return self._connection.unary(self._provenance.Inspect, request, self._timeout)

    def list_decisions(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        action: common_pb2.Action.ValueType = common_pb2.ACTION_UNSPECIFIED,
        detector: str = "",
        media_digest: str = "",
        page_size: int = 0,
    ) -> Iterator[common_pb2.Decision]:
        """Decisions of the caller's tenant, newest first, fetched page by page as the iterator is drawn.

        since, until: with a time zone; at or after, and before. page_size: 0 leaves it to the server.
        """
        request = audit_pb2.ListDecisionsRequest(
            page_size=page_size,
            since=timestamp_of(since, "since"),
            until=timestamp_of(until, "until"),
            action=action,
            detector=detector,
            media_digest=media_digest,
        )
        return self._pages(request)

    def _pages(self, request: audit_pb2.ListDecisionsRequest) -> Iterator[common_pb2.Decision]:
        while True:
            request.request_id = new_id()
            page = self._connection.unary(self._audit.ListDecisions, request, self._timeout)
            yield from page.decisions
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def get_decision(self, decision_id: str, *, include_evidence: bool = False) -> common_pb2.Decision:
        """One decision as recorded."""
        request = audit_pb2.GetDecisionRequest(
            request_id=new_id(), decision_id=decision_id, include_evidence=include_evidence
        )
        return self._connection.unary(self._audit.GetDecision, request, self._timeout).decision

    def get_receipt(self, decision_id: str) -> common_pb2.Receipt:
        """A fresh receipt of a decision, against the newest checkpoint."""
        request = audit_pb2.GetReceiptRequest(request_id=new_id(), decision_id=decision_id)
        return self._connection.unary(self._audit.GetReceipt, request, self._timeout).receipt

    def checkpoint(self) -> audit_pb2.GetCheckpointResponse:
        """The newest signed checkpoint of the log. Keep copies: they show whether the log was rewritten."""
        request = audit_pb2.GetCheckpointRequest(request_id=new_id())
        return self._connection.unary(self._audit.GetCheckpoint, request, self._timeout)

    def list_models(
        self, role: model_pb2.ModelRole.ValueType = model_pb2.MODEL_ROLE_UNSPECIFIED
    ) -> list[model_pb2.Model]:
        """The models that the server runs, with their cards."""
        request = model_pb2.ListModelsRequest(request_id=new_id(), role=role)
        return list(self._connection.unary(self._models.ListModels, request, self._timeout).models)


def new_id() -> str:
    """A request_id that nobody used before."""
    return uuid.uuid4().hex


def timestamp_of(moment: datetime | None, field: str) -> timestamp_pb2.Timestamp | None:
    """The moment as protobuf has it. Raises InvalidRequest for a moment without a time zone."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise InvalidRequest(f"{field} needs a time zone: {moment.isoformat()}", field=field, found=moment.isoformat())
    stamp = timestamp_pb2.Timestamp()
    stamp.FromDatetime(moment)
    return stamp

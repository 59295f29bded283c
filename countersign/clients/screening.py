"""Screening: media in, decision and receipt out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from countersign.clients.calls import NO_CONTEXT, Calls, new_id
from countersign.errors import CountersignError
from countersign.results import Screening
from countersign.uploads import UNARY_LIMIT, ScreenParts, Upload, UploadProgress, no_progress
from countersign.v1 import common_pb2, screening_pb2
from countersign.v1.screening_pb2_grpc import ScreeningServiceStub


class ScreeningCalls(Calls):
    """ScreeningService."""

    @cached_property
    def _screening(self) -> ScreeningServiceStub:
        return ScreeningServiceStub(self._connection.channel)

    def screen(
        self,
        media: bytes | Path,
        *,
        context: common_pb2.Context = NO_CONTEXT,
        include_evidence: bool = False,
        declared_mime_type: str = "",
        subject: str = "",
        request_id: str | None = None,
        progress: UploadProgress = no_progress,
    ) -> Screening:
        """Screens media of any size; above 32 MiB it travels in chunks.

        declared_mime_type: what the uploader claims; the server refuses media that is something else.
        subject: your own opaque name of the uploader, by which what is kept about the person can be erased.
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
                subject=subject,
            )
            return self._screen_stream(upload, header, progress)
        request = screening_pb2.ScreenRequest(
            request_id=request_id or new_id(),
            media=upload.read(),
            context=context,
            include_evidence=include_evidence,
            declared_mime_type=declared_mime_type,
            subject=subject,
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

"""A time-stamping authority (RFC 3161), asked for one timestamp at a time. Knows nothing of what is stamped, or why."""

from __future__ import annotations

import rfc3161_client

from core.errors import ConfigurationError, Unavailable
from countersign.verify.errors import VerificationError
from countersign.verify.note import parse_note
from countersign.verify.timestamp import MAX_TOKEN, load_roots, open_stamp
from server.audit.outside.post import Endpoint, post

TIMEOUT = 20.0
_ANSWER_LIMIT = MAX_TOKEN + 1024
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class Authority:
    """A time-stamping authority. url: where it answers. roots: PEM certificates that it is trusted by.

    timeout: seconds. ConfigurationError if url or roots cannot be used.
    """

    def __init__(self, url: str, roots: bytes, *, timeout: float = TIMEOUT) -> None:
        self._endpoint = Endpoint.parse(url)
        self._timeout = timeout
        self._roots = roots
        try:
            load_roots(roots)
        except VerificationError as error:
            raise ConfigurationError(f"{error} ({url})") from error

    def stamp(self, note: str) -> bytes:
        """A verified token (DER) over the text of `note`. Blocks. Unavailable if none was given that holds."""
        return self.token(parse_note(note).text.encode())

    def token(self, data: bytes) -> bytes:
        """A verified token (DER) over SHA-256 of `data`. Blocks. Unavailable if none was given that holds."""
        request = (
            rfc3161_client.TimestampRequestBuilder()
            .data(data)
            .hash_algorithm(rfc3161_client.HashAlgorithm.SHA256)
            .build()
        )
        reply = post(self._endpoint, request.as_bytes(), _QUERY, timeout=self._timeout, limit=_ANSWER_LIMIT)
        if reply.status != 200 or reply.kind != _REPLY:
            raise Unavailable(f"the time-stamping authority answered {reply.status}, {reply.kind:.40}")
        try:
            response = rfc3161_client.decode_timestamp_response(reply.body)
            if response.status != rfc3161_client.PKIStatus.GRANTED:
                raise VerificationError(f"it was not granted (status {response.status})")
            token = response.time_stamp_token()
            open_stamp(token, data, self._roots, request.nonce)
        except (VerificationError, ValueError, TypeError) as error:
            raise Unavailable(f"the time-stamping authority gave no usable timestamp: {error}") from error
        return token

"""AuditService: the record, what became of it, and proof that it was not changed.

A tenant sees its own entries and nobody else's, unless its token may read further tenants; the size of the whole log
is no secret.
"""

from __future__ import annotations

from countersign.v1 import audit_pb2_grpc
from server.audit import AuditLog
from server.edge import Edge
from server.services.answers import Answers
from server.services.audit_decisions import DecisionMethods
from server.services.audit_proofs import ProofMethods
from server.services.audit_streams import StreamMethods
from server.services.files import Files
from server.services.following import Followers


class AuditService(DecisionMethods, ProofMethods, StreamMethods, audit_pb2_grpc.AuditServiceServicer):
    """Reads the log. The methods stand in the three modules above."""

    def __init__(self, edge: Edge, log: AuditLog, answers: Answers, followers: Followers, files: Files) -> None:
        self._edge = edge
        self._log = log
        self._answers = answers
        self._followers = followers
        self._files = files

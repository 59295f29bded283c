"""The audit log: an RFC 6962 tree in SQL that loses nothing it acknowledged. Read `log` first."""

from server.audit.documents import Document
from server.audit.entry import OPERATOR, Blob, Entry, Recorded
from server.audit.history import ReviewState, State
from server.audit.listing import Page
from server.audit.log import AuditLog
from server.audit.matching import Filter
from server.audit.queries import History
from server.audit.receipts import ConsistencyParts, ReceiptParts, SignedCheckpoint

__all__ = [
    "OPERATOR",
    "AuditLog",
    "Blob",
    "ConsistencyParts",
    "Document",
    "Entry",
    "Filter",
    "History",
    "Page",
    "ReceiptParts",
    "Recorded",
    "ReviewState",
    "SignedCheckpoint",
    "State",
]

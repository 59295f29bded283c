"""The audit log: an RFC 6962 tree in SQL that loses nothing it acknowledged. Read `log` first."""

from server.audit.entries.durable import Durable
from server.audit.entries.entry import OPERATOR, Blob, Entry, Recorded
from server.audit.entries.state import ReviewState, State
from server.audit.log import AuditLog
from server.audit.reading.listing import Page
from server.audit.reading.matching import Filter
from server.audit.reading.queries import History
from server.audit.sql.documents import Document
from server.audit.tree.receipts import ConsistencyParts, ReceiptParts, SignedCheckpoint

__all__ = [
    "OPERATOR",
    "AuditLog",
    "Blob",
    "ConsistencyParts",
    "Document",
    "Durable",
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

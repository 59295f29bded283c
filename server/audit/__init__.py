"""The audit log: an RFC 6962 tree in SQL that loses nothing it acknowledged. Read `log` first."""

from server.audit.entry import Blob, Entry, Recorded
from server.audit.listing import Filter, Page
from server.audit.log import AuditLog
from server.audit.receipts import ReceiptParts, SignedCheckpoint

__all__ = ["AuditLog", "Blob", "Entry", "Filter", "Page", "ReceiptParts", "Recorded", "SignedCheckpoint"]

"""SQLite is written by one process; others forward to it, and one of them takes over when it ends. See `seat`."""

from server.audit.forwarding.seat import Seat

__all__ = ["Seat"]

"""The names under which the store was known before `server.audit.store`."""

from server.audit.store import sqlite_path, sqlite_url

__all__ = ["sqlite_path", "sqlite_url"]

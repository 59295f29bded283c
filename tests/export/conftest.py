"""Logs on both stores, as the tests of the log have them."""

from __future__ import annotations

from tests.audit.conftest import log, postgres_log_url, sqlite_log_url, url

__all__ = ["log", "postgres_log_url", "sqlite_log_url", "url"]

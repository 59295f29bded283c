"""Faults of a store, by whatever name, become `Unavailable`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import SQLAlchemyError

from core.errors import Unavailable

RETRY_AFTER = 1.0
"""Seconds after which a caller may try again."""


@contextmanager
def faults() -> Iterator[None]:
    """Whatever the database raises in the block is raised as Unavailable, with the fault as its cause.

    The message names no host, user or file: it is shown to callers. What a fault within COMMIT left behind is not
    known; a retry is safe all the same, because a request is recorded once.
    """
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, psycopg.Error, OSError) as error:
        raise Unavailable("the audit log's database cannot be used", retry_after=RETRY_AFTER) from error


def reason(error: BaseException) -> str:
    """What the database itself said, in one line, for the operator: the innermost cause's own words."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split()) or type(error).__name__

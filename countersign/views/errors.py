"""Errors as JSON."""

from __future__ import annotations

from countersign.errors import CountersignError
from countersign.views.values import Json


def error_json(error: CountersignError) -> Json:
    """The object under "error": what was refused, by whom it can be fixed."""
    return {
        "code": error.code,
        "reason": error.reason,
        "field": error.field,
        "limit": error.limit,
        "found": error.found,
        "message": error.message,
    }

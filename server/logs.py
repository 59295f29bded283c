"""Structured logs: one JSON object a line on standard error, or coloured text for a person at a terminal."""

from __future__ import annotations

import logging
import sys

import structlog


def configure(*, level: str = "INFO", human: bool | None = None) -> None:
    """Sets up structlog for the process. human: text instead of JSON; by default when standard error is a terminal."""
    renderer: structlog.types.Processor
    if human if human is not None else sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    else:
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )

"""Structured logs: one JSON object a line on standard error, or coloured text for a person at a terminal.

Rooms below the server, and libraries, write to the standard library's loggers; they come out in the same form.
"""

from __future__ import annotations

import logging
import sys

import structlog

HANDLER = "countersign"
ROOMS = ("core", "server")
"""Whose loggers speak at the level that was asked for. Libraries are heard from WARNING on."""


def configure(*, level: str = "INFO", human: bool | None = None) -> None:
    """Sets up logging for the process. human: text instead of JSON; by default when standard error is a terminal."""
    renderer: structlog.types.Processor
    if human if human is not None else sys.stderr.isatty():
        renderer = structlog.dev.ConsoleRenderer()
    else:
        renderer = structlog.processors.JSONRenderer()
    number = logging.getLevelNamesMapping()[level]
    common: list[structlog.types.Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*common, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    adopt_standard_loggers(formatter, number)


def adopt_standard_loggers(formatter: logging.Formatter, level: int) -> None:
    """Gives the root logger one handler of ours, and our rooms their level. Called again, it replaces its handler."""
    root = logging.getLogger()
    for handler in [each for each in root.handlers if each.get_name() == HANDLER]:
        root.removeHandler(handler)
    ours = logging.StreamHandler(sys.stderr)
    ours.set_name(HANDLER)
    ours.setFormatter(formatter)
    root.addHandler(ours)
    root.setLevel(max(level, logging.WARNING))
    for room in ROOMS:
        logging.getLogger(room).setLevel(level)

"""What the operator's commands share: the settings, and how a failure is told."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from core import errors
from countersign.cli.session import globals_of
from countersign.cli.text import reporting
from countersign.errors import ConfigurationError, PreconditionFailed, ServerUnavailable

if TYPE_CHECKING:
    from server.config import Settings

OURS = frozenset({"core", "countersign", "detectors", "generators", "migrations", "policies", "server"})


def settings_of(ctx: typer.Context) -> Settings:
    """The server's settings, with --config and --address of the command line over file and environment."""
    from server.config import Settings

    options = globals_of(ctx)
    given = {"COUNTERSIGN_ADDRESS": options.address} if options.address else {}
    return Settings.load(options.config, os.environ | given)


@contextmanager
def operating(*, as_json: bool = False) -> Iterator[None]:
    """Tells errors of the server's tree, and libraries that are not installed, in the client's words and exit codes."""
    with reporting(as_json):
        try:
            yield
        except errors.Unavailable as error:
            raise ServerUnavailable(str(error), retry_after=error.retry_after) from error
        except errors.CountersignError as error:
            raise ConfigurationError(str(error)) from error
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] in OURS:
                raise  # a defect of ours, not a missing installation
            message = f"this command needs the server: pip install 'countersign[server]' ({error})"
            raise PreconditionFailed(message) from error

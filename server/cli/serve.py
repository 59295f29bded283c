"""`countersign serve`: a server until it is told to stop."""

from __future__ import annotations

import typer

from countersign.cli.importing import importing
from server.cli.operating import operating, settings_of


def serve(ctx: typer.Context) -> None:
    """Start a server. It prints one line when it is ready, and stops on Ctrl-C."""
    with operating():
        # Settings first: the server's libraries take seconds to load, a misspelt setting should not.
        settings = settings_of(ctx)
        with importing():
            from server import app

        app.serve(settings)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(serve)

"""`countersign serve`: a server until it is told to stop."""

from __future__ import annotations

import typer

from server.cli.operating import operating, settings_of


def serve(ctx: typer.Context) -> None:
    """Start a server. It prints one line when it is ready, and stops on Ctrl-C."""
    with operating():
        from server import app

        app.serve(settings_of(ctx))


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("serve")(serve)

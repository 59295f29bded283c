"""`countersign db upgrade`: the schema of the database, brought to this release."""

from __future__ import annotations

import typer

from countersign.cli.text import say
from server.cli.operating import operating, settings_of


def upgrade(ctx: typer.Context) -> None:
    """Bring the database up to date, making it if there is none. Safe to run twice."""
    with operating():
        from server.audit.sql import schema

        settings = settings_of(ctx)
        settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        schema.upgrade(settings.url)
    say("the database is up to date")


def register(group: typer.Typer) -> None:
    """Adds the command to the group `db`."""
    group.command("upgrade")(upgrade)

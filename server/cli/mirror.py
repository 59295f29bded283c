"""`countersign log mirror DIR`: the log as tiles in a directory, on the machine that keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.session import AsJson
from countersign.cli.text import complain, say, say_json
from countersign.verify.errors import VerificationError
from countersign.verify.note import VerifierKey
from server.cli.operating import operating, settings_of


def mirror(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Made if there is none; brought up to date else.")],
    entries: Annotated[
        bool, typer.Option("--entries", help="Write the entries of every tenant too, not only their hashes.")
    ] = False,
    witnessed: Annotated[
        bool, typer.Option("--witnessed", help="Only up to the newest checkpoint that a witness cosigned.")
    ] = False,
    log_key: Annotated[str | None, typer.Option(help="The log's verifier key, from a source you trust.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the log as C2SP tlog-tiles for others to copy and audit, beside a running server if there is one.

    Only what is new is written. Exit code 1, and nothing is, where the log contradicts its mirror.
    """
    with operating(as_json=as_json):
        from core.errors import IntegrityError
        from server.audit.mirror import mirror as write
        from server.audit.store import open_store
        from server.cli.fsck import stored_key

        settings = settings_of(ctx)
        key = verifier_key(log_key or stored_key(settings))
        store = open_store(settings.url)
        try:
            done = write(store.reading, directory, key, entries=entries, witnessed=witnessed)
        except IntegrityError as error:
            if as_json:
                say_json({"ok": False, "error": str(error)})
            complain(str(error))
            raise typer.Exit(ExitCode.CHECK_FAILED) from error
        finally:
            store.close()
    if as_json:
        say_json({"ok": True, "before": done.before, "size": done.size, "files": done.files, "entries": entries})
    else:
        what = "entries and hashes" if entries else "hashes only: no tenant's content"
        say(f"{directory} mirrors {done.size} entries, {done.size - done.before} of them new ({what})")


def verifier_key(text: str) -> VerifierKey:
    """Raises ConfigurationError for what is no verifier key."""
    from core.errors import ConfigurationError

    try:
        return VerifierKey.parse(text.strip())
    except VerificationError as error:
        raise ConfigurationError(f"the log's verifier key cannot be used: {error}") from error


def register(group: typer.Typer) -> None:
    """Adds the command to the group `log`."""
    group.command("mirror")(mirror)

"""`countersign log rotate-key` and `log keys`: the log's signing keys, on the machine that keeps them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from countersign.cli.exits import ExitCode
from countersign.cli.session import AsJson
from countersign.cli.text import cell, say, say_json
from server.cli.operating import operating, settings_of

if TYPE_CHECKING:
    from server.audit.tree.generations import Generation


def rotate(ctx: typer.Context) -> None:
    """Give the log a new signing key; old receipts stay valid. Stop the server first. Safe to run again after a crash.

    Tell witnesses, and whoever pinned the old key, of the new one: `countersign log keys` prints the statement.
    """
    with operating():
        settings = settings_of(ctx)
        asyncio.run(rotate_and_tell(settings.url, settings.data_dir, settings.origin))


async def rotate_and_tell(url: str, directory: Path, origin: str) -> None:
    """Says each step when it is done."""
    from server.audit.outside.rotation import rotate_key_file

    async for step in rotate_key_file(url, directory, origin):
        say(step)


def keys(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List every key that the log signed with, and the statements that link them. The exit code is 1 if one fails."""
    with operating(as_json=as_json):
        from server.audit.tree.generations import read_stored_generations

        found = read_stored_generations(settings_of(ctx).url)
        wrong = fault_of(found)
    if as_json:
        say_json({"ok": not wrong, "fault": wrong, "keys": [key_json(each) for each in found]})
    else:
        show(found, wrong)
    if wrong:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def fault_of(found: tuple[Generation, ...]) -> str:
    """Why the statements do not lead from the first key to the last; "" if they do."""
    from countersign.verify.errors import VerificationError
    from countersign.verify.note import VerifierKey
    from server.audit.tree.generations import trusted_keys

    if not found:
        return ""
    try:
        trusted_keys(found, VerifierKey.parse(found[-1].vkey))
    except VerificationError as error:
        return str(error)
    return ""


def key_json(generation: Generation) -> dict[str, Any]:
    """One element of `log keys --json`."""
    return {
        "generation": generation.number,
        "key": generation.vkey,
        "since_size": generation.since_size,
        "statement": generation.statement,
    }


def show(found: tuple[Generation, ...], wrong: str) -> None:
    """The keys for people; the statements can be copied into files for `--rotation`."""
    for each in found:
        say(cell(f"{each.number}  {each.vkey}  from {each.since_size} entries on", "bold"))
        if each.statement:
            say(each.statement)
    if not found:
        say("the log has no key yet")
    elif wrong:
        say(cell(f"✗ {wrong}", "bold red"))
    else:
        say(cell(f"✓ generation {found[-1].number} signs now", "green"))


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `log`."""
    group.command("rotate-key")(rotate)
    group.command("keys")(keys)

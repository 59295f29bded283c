"""`countersign known add|remove|list`: the list of known content, a file that the server reads when it starts."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countersign.cli.session import AsJson
from countersign.cli.text import say, say_json
from server.cli.operating import operating, settings_of

if TYPE_CHECKING:
    from detectors.hash_list import Entry, HashList

ListName = Annotated[str, typer.Option("--list", help="Name of the list; policies see it as the code list.NAME.")]
Files = Annotated[list[Path], typer.Argument(help="Pictures or videos.")]
Reason = Annotated[str, typer.Option(help="Why this content is listed.")]
Source = Annotated[str, typer.Option(help="Who listed it.")]


def add(
    ctx: typer.Context, files: Files, name: ListName, reason: Reason = "", source: Source = "", as_json: AsJson = False
) -> None:
    """Put files on a list: their exact bytes, and the hashes of pictures that have structure enough.

    Videos are listed by the pictures that they show (vPDQ), everything else by its own (PDQ). A running server takes
    the new list up by itself.
    """
    with operating(as_json=as_json):
        path = settings_of(ctx).known_content
        added = asyncio.run(hashed(files, name, reason, source))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        read(path).add(*added).save(path)
        show(added, as_json=as_json)


def remove(ctx: typer.Context, files: Files, name: ListName, as_json: AsJson = False) -> None:
    """Take files off a list again."""
    with operating(as_json=as_json):
        path = settings_of(ctx).known_content
        listed = read(path)
        keys = {entry.key for entry in asyncio.run(hashed(files, name, "", ""))}
        gone = [entry for entry in listed if entry.key in keys]
        listed.remove(*gone).save(path)
        show(gone, as_json=as_json)


def show_all(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print the list."""
    with operating(as_json=as_json):
        show(list(read(settings_of(ctx).known_content)), as_json=as_json)


def read(path: Path) -> HashList:
    """The list in a file; an empty one where there is no file yet."""
    from detectors.hash_list import HashList

    return HashList.load(path) if path.exists() else HashList()


async def hashed(files: Iterable[Path], name: str, reason: str, source: str) -> list[Entry]:
    """The entries of files. What is listed is hostile media too, so it is parsed in the sandbox."""
    from core.parsers.catalog import PARSERS
    from core.sandbox import Sandbox
    from detectors.film_hashes import PARSERS as FILMS
    from detectors.hashes.entry import Said
    from detectors.listing import entries_of

    entries = []
    async with await Sandbox.start({"pixels": PARSERS["pixels"], **FILMS}, workers=1) as sandbox:
        for file in files:
            entries += entries_of(await sandbox.open(content(file), FILMS), Said(name, reason, source))
    return entries


def content(file: Path) -> bytes:
    """The bytes of a file. Raises InvalidInput naming a file that cannot be read."""
    from core.errors import InvalidInput

    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {file}: {error.strerror}", field="file", found=str(file)) from error


def show(entries: Collection[Entry], *, as_json: bool) -> None:
    """Entries as lines, or as one JSON array."""
    if as_json:
        fields = ("kind", "hex", "list", "reason", "source", "id")
        texts = ({field: str(getattr(entry, field)) for field in fields} for entry in entries)
        say_json([{**each, "tags": list(entry.tags)} for each, entry in zip(texts, entries, strict=True)])
    else:
        say(*(f"{entry.list}  {entry.kind}  {entry.hex}  {entry.reason}" for entry in entries))


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `known`."""
    group.command("add")(add)
    group.command("remove")(remove)
    group.command("list")(show_all)

"""`countersign known near add|remove|list|digest`: the list of near duplicates, a file that the server follows."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from countersign.cli.session import AsJson
from countersign.cli.text import say, say_json
from server.cli.known import Files, ListName, Reason, Source, content
from server.cli.operating import operating, settings_of

if TYPE_CHECKING:
    from detectors.hashes.entry import Said
    from detectors.near.description import Describer
    from detectors.near.near_list import Described, Listed, NearList


def add(
    ctx: typer.Context, files: Files, name: ListName, reason: Reason = "", source: Source = "", as_json: AsJson = False
) -> None:
    """Put files on a list by what can be seen in their parts: crops, frames and collages of them are found.

    Of animations and videos sampled frames are listed. A file on the list already is described anew. A running server
    takes the new list up by itself.
    """
    from detectors.hashes.entry import Said
    from detectors.near.files import save

    with operating(as_json=as_json):
        path, describer = path_of(ctx), shipped()
        said = Said(name, reason, source)
        described = asyncio.run(described_of(files, said, describer))
        with alone(path):
            listed = read(path, describer).add(*described)
            save(listed, path)
        added = {file.key for file in described}
        show([each for each in listed if (each.media, each.said.list) in added], as_json=as_json)


def remove(ctx: typer.Context, files: Files, name: ListName, as_json: AsJson = False) -> None:
    """Take files off a list again, by their bytes."""
    from core.media import digest_of
    from detectors.near.files import save

    with operating(as_json=as_json):
        path = path_of(ctx)
        keys = {(digest_of(content(file)).removeprefix("sha256:"), name) for file in files}
        with alone(path):
            listed = read(path, shipped())
            save(listed.without(keys), path)
        gone = [each for each in listed if (each.media, each.said.list) in keys]
        show(gone, as_json=as_json)


def show_all(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Print the list, a line a file."""
    with operating(as_json=as_json):
        show(read(path_of(ctx), shipped()), as_json=as_json)


def show_digest(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A list that was kept; by default the present one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print the list's digest, and the version of near_duplicate by which decisions name it."""
    from detectors.near.detector import version_with
    from detectors.near.files import load

    with operating(as_json=as_json):
        describer = shipped()
        listed = load(file, describer) if file else read(path_of(ctx), describer)
        told = {"digest": listed.digest, "version": version_with(listed.digest), "pictures": len(listed)}
        say_json(told) if as_json else say(*(f"{key} {value}" for key, value in told.items()))


def path_of(ctx: typer.Context) -> Path:
    """Where the list lies. Raises ConfigurationError where no setting says so, since nothing would look it up."""
    from core.errors import ConfigurationError

    path = settings_of(ctx).detectors.near_list
    if path is None:
        raise ConfigurationError("no list of near duplicates: set near_list in the table server.detectors to its path")
    return path


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Waits until no other command changes the list: of two that read the same one, the first change would be lost.

    The lock is on a file beside the list, since the list itself is replaced. It stays there: to delete it would let two
    in at once.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path.with_name(path.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def shipped() -> Describer:
    """What describes pictures."""
    from detectors.near import detector

    return detector.shipped()


def read(path: Path, describer: Describer) -> NearList:
    """The list in a file; an empty one where there is no file yet."""
    from detectors.near.files import load
    from detectors.near.near_list import NearList

    return load(path, describer) if path.exists() else NearList.empty(describer)


async def described_of(files: Iterable[Path], said: Said, describer: Describer) -> list[Described]:
    """Files as they are listed. What is listed is hostile media too, so it is parsed in the sandbox.

    Raises InvalidInput for a file all of whose pictures are too plain.
    """
    from core.parsers.catalog import PARSERS
    from core.sandbox import Sandbox
    from detectors.near.listing import described

    async with await Sandbox.start({"pixels": PARSERS["pixels"]}, workers=1) as sandbox:
        return [described(await sandbox.open(content(file)), said, describer, file.name) for file in files]


def show(entries: Iterable[Listed], *, as_json: bool) -> None:
    """Entries as lines, or as one JSON array."""
    rows = [
        {
            "media": "sha256:" + each.media,
            "list": each.said.list,
            "reason": each.said.reason,
            "source": each.said.source,
            "tags": list(each.said.tags),
            "pictures": each.pictures,
            "id": each.id,
        }
        for each in entries
    ]
    if as_json:
        say_json(rows)
    else:
        say(*(f"{row['list']}  {row['id']}  {row['media']}  {row['reason']}" for row in rows))


def register(group: typer.Typer) -> None:
    """Adds the group `near` to the group `known`."""
    near = typer.Typer(help="Near duplicates: what PDQ does not find.", no_args_is_help=True)
    near.command("add")(add)
    near.command("remove")(remove)
    near.command("list")(show_all)
    near.command("digest")(show_digest)
    group.add_typer(near, name="near")

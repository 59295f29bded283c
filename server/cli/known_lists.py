"""`countersign known import|export|digest`: lists of others, and the digest by which decisions name ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.session import AsJson
from countersign.cli.text import say, say_json
from server.cli.known import ListName, read
from server.cli.operating import operating, settings_of

Forms = "by its ending: .csv or .txt as ThreatExchange has them, .jsonl, .safetensors"


def import_list(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help=f"The list of another, {Forms}.")],
    name: ListName,
    reason: Annotated[str, typer.Option(help="Why this content is listed.")] = "",
    source: Annotated[str, typer.Option(help="Who listed it.")] = "",
    signal_type: Annotated[str, typer.Option(help="Of a .txt whose lines do not begin with theirs.")] = "",
    skip_others: Annotated[bool, typer.Option(help="Pass over signals of types that cannot be looked up.")] = False,
    replace: Annotated[bool, typer.Option(help="Drop first what stands on the lists that the file is about.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take the entries of a list from another: all of them, or with an error none.

    Rows that name no collaboration go on the list NAME. A running server takes the new list up by itself.
    """
    from detectors.hashes.entry import Said
    from detectors.hashes.exchange import Origin
    from detectors.hashes.files import read_list

    with operating(as_json=as_json):
        path = settings_of(ctx).known_content
        theirs, taken = read_list(file, Origin(Said(name, reason, source), skip_others), signal_type)
        ours = read(path)
        kept = ours.without_lists(theirs.lists) if replace else ours
        merged = kept.merged(theirs)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        merged.save(path)
        told = {
            "entries": taken.entries,
            "other_types": taken.other_types,
            "not_positive": taken.not_positive,
            "dropped": len(ours) - len(kept),
            "size": len(merged),
            "digest": merged.digest,
        }
        say_json(told) if as_json else say(*(f"{key} {value}" for key, value in told.items()))


def export_list(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help=f"Where to, {Forms}.")],
    only: Annotated[str, typer.Option("--list", help="Only the entries of this list.")] = "",
) -> None:
    """Write the list to a file for others. ThreatExchange's forms have no place for reason and source."""
    from core.errors import InvalidInput
    from detectors.hashes.files import write_list

    with operating(as_json=False):
        known = read(settings_of(ctx).known_content)
        if only and only not in known.lists:
            there = ", ".join(sorted(known.lists)) or "none"
            raise InvalidInput(f"there is no list {only!r}", field="list", limit=there, found=only)
        chosen = known.without_lists(known.lists - {only}) if only else known
        write_list(chosen, file)
        say(f"{len(chosen)} entries")


def show_digest(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A list that was kept; by default the present one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print a list's digest, and the version of known_hash by which decisions name it.

    With a copy of a list, a decision that it took part in can be checked again years later.
    """
    from detectors.hash_list import HashList
    from detectors.known_hash import version_with

    with operating(as_json=as_json):
        known = HashList.load(file) if file else read(settings_of(ctx).known_content)
        told = {"digest": known.digest, "version": version_with(known.digest), **known.sizes}
        say_json(told) if as_json else say(*(f"{key} {value}" for key, value in told.items()))


def register(group: typer.Typer) -> None:
    """Adds the commands to the group `known`."""
    group.command("import")(import_list)
    group.command("export")(export_list)
    group.command("digest")(show_digest)

"""The provenance of a file as a tree for people: who signed, when, what was done with which tool, from what, and what
could not be verified.

Made of the JSON form that programs get. Every text in it came out of a hostile file and goes through `cell`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from rich.text import Text
from rich.tree import Tree

from countersign.cli.provenance_words import (
    ACTIONS,
    CHOICES,
    RELATIONSHIPS,
    SOURCES,
    code_words,
    source_type_words,
    use_words,
    words,
)
from countersign.cli.text import STATE_STYLES, cell, short
from countersign.views import Json

DOUBT = "yellow"


def chain_tree(manifest: Json) -> Tree:
    """The tree of a manifest and everything before it."""
    tree = Tree(headline(manifest), guide_style="dim")
    grow(tree, manifest)
    return tree


def headline(manifest: Json) -> Text:
    """The title and who signed."""
    signer = manifest["signer"]
    name, organization = signer["name"], signer["organization"]
    by = f"{name} ({organization})" if name and organization else name or organization or "somebody without a name"
    return Text.assemble(cell(manifest["title"] or "untitled", "bold"), " signed by ", cell(by, "bold"))


def grow(tree: Tree, manifest: Json) -> None:
    """Hangs on everything that a manifest tells."""
    tree.add(cell(time_line(manifest), "" if manifest["time_proven"] else DOUBT))
    if manifest["claim_generator"]:
        tree.add(cell(f"credentials written by {manifest['claim_generator']}"))
    if manifest["actions"]:
        done = tree.add("what was done")
        for action in manifest["actions"]:
            done.add(cell(action_line(action)))
    for line in marks(manifest):
        tree.add(cell(line))
    for ingredient in manifest["ingredients"]:
        hang(tree, ingredient)
    if manifest["cut"]:
        tree.add(cell("… and more, which is not shown", DOUBT))


def time_line(manifest: Json) -> str:
    """When it was signed, and whether that is proven."""
    if manifest["signed_at"] is None:
        return "when it was signed is not proven: there is no timestamp"
    proof = "proven by a timestamp" if manifest["time_proven"] else "but nobody vouches for the clock"
    return f"signed {minute(manifest['signed_at'])}, {proof}"


def minute(moment: str) -> str:
    """An RFC 3339 time as people write it."""
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M UTC")


def action_line(action: Json) -> str:
    """One thing that was done."""
    parts = [words(ACTIONS, action["action"])]
    parts += [f"“{title}”" for title in action["ingredients"] if title]
    if action["tool"]:
        parts.append(f"with {short(action['tool'])}")
    if action["when"]:
        parts.append(f"on {minute(action['when'])}")
    if action["digital_source_type"]:
        parts.append(f"· {source_type_words(action['digital_source_type'])}")
    if action["description"]:
        parts.append(f"· {action['description']}")
    return " ".join(parts)


def marks(manifest: Json) -> Iterator[str]:
    """What may be done with the media, and how it is said to be recognisable."""
    for preference in manifest["preferences"]:
        choice = words(CHOICES, preference["choice"])
        constraint = f": {preference['constraint']}" if preference["constraint"] else ""
        yield f"the maker's wish: {use_words(preference['use'])} {choice}{constraint}"
    for binding in manifest["soft_bindings"]:
        yield f"recognisable without its metadata by {binding['algorithm']}"


def hang(tree: Tree, ingredient: Json) -> None:
    """Hangs on one source, with its own manifest."""
    state = ingredient["state"] or "—"
    kind = f" ({ingredient['format']})" if ingredient["format"] else ""
    relationship = words(RELATIONSHIPS, ingredient["relationship"])
    line = Text.assemble(
        cell(f"{relationship} “{ingredient['title'] or 'untitled'}”{kind}: "),
        cell(state, STATE_STYLES.get(state, "")),
        cell(f", {SOURCES[state]}" if state in SOURCES else ""),
    )
    branch = tree.add(line)
    for code in ingredient["codes"]:
        branch.add(cell(code_words(code), DOUBT))
    if ingredient["manifest"]:
        grow(branch.add(headline(ingredient["manifest"])), ingredient["manifest"])
    elif ingredient["repeated_elsewhere"]:
        branch.add(cell("its history is told above"))

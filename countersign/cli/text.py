"""Words for people and JSON for programs: stdout carries results only, stderr everything else.

Much of what is printed came out of hostile files. Control characters never reach the terminal, and nothing is read as
markup.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from countersign.cli.exits import exit_code_of
from countersign.errors import CountersignError
from countersign.views import error_json

DIGEST = re.compile(r"(sha256:[0-9a-f]{12})[0-9a-f]{52}")
_PIPED = 140  # columns of a table in a file or a pipe: in the 80 that rich takes there, it is hard to read
ACTION_STYLES = {"ALLOW": "green", "LABEL": "cyan", "REVIEW": "yellow", "BLOCK": "bold red"}
# UAX #9: embeddings, overrides and isolates. Joiners, which honest text needs, are none of them.
REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
STATE_STYLES = {"TRUSTED": "green", "INVALID": "red", "UNPARSEABLE": "red"}


def plain(value: object) -> str:
    """The text without terminal control: C0, C1, lone surrogates and bidirectional overrides become U+FFFD."""
    return "".join("\ufffd" if is_control(char) else char for char in str(value))


def is_control(char: str) -> bool:
    """Whether a terminal might obey the character instead of showing it, or show its neighbours in another order."""
    if char == "\n":
        return False
    return unicodedata.category(char) in {"Cc", "Cs"} or unicodedata.bidirectional(char) in REORDERING


def cell(value: object, style: str = "") -> Text:
    """A table cell that is shown as it is, never read as markup."""
    return Text(plain(value), style=style, overflow="fold")


def action_cell(action: str | None) -> Text:
    """A decision in its colour. Media that was refused was not decided on."""
    return cell(action, ACTION_STYLES.get(action, "")) if action else cell("refused", "red")


def short(text: str) -> str:
    """The text with digests cut to a length that people can compare."""
    return DIGEST.sub(r"\1…", text)


def say(*rows: Any) -> None:
    """Prints results for people on stdout. Strings are cleaned; rich renderables are printed as they are."""
    console = Console(highlight=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _PIPED
    for row in rows:
        # A terminal breaks long lines by itself; a file or a pipe should get them whole.
        console.print(cell(row) if isinstance(row, str) else row, soft_wrap=isinstance(row, (str, Text)))


def complain(message: str) -> None:
    """Prints a message for people on stderr."""
    Console(stderr=True, highlight=False).print(cell(message), soft_wrap=True)


def say_json(value: Any) -> None:
    """Prints the one JSON value of a `--json` command. ASCII only, so that no terminal or locale can spoil it."""
    print(json.dumps(value, indent=2))
    sys.stdout.flush()


def say_json_line(value: Any) -> None:
    """Prints one object of a `--json` command that has no end: one a line, at once."""
    print(json.dumps(value), flush=True)


@contextmanager
def reporting(as_json: bool, **about: object) -> Iterator[None]:
    """Turns a client error into a message, or an object with `about` and "error", and the exit code that it means."""
    try:
        yield
    except CountersignError as error:
        if as_json:
            say_json({**about, "error": error_json(error)})
        complain(sentence_of(error))
        raise typer.Exit(exit_code_of(error)) from error


def sentence_of(error: CountersignError) -> str:
    """The error as one line: message, then what was allowed and what was found."""
    known = (("limit", error.limit), ("found", error.found))
    particulars = [f"{name} {value}" for name, value in known if value and value not in error.message]
    suffix = f" ({', '.join(particulars)})" if particulars else ""
    support = f" [support id {error.support_id}]" if error.support_id else ""
    return f"{error.code}: {error.message}{suffix}{support}"

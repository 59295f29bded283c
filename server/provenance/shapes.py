"""Takes values of unknown shape out of a manifest: the right type or nothing, cut, and without control characters.

Everything in a manifest is written by whoever made the file. Knows no field of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

MAX_TEXT = 512
MAX_ITEMS = 64
# Codes and source types enter the log for good, and a leaf has a largest size: they are words and addresses, not prose.
_CODE = re.compile(r"[A-Za-z0-9._:-]{1,80}")
_ADDRESS = re.compile(r"[!-~]{1,128}")
OTHER_CODE = "general.error"
"""C2PA's own word for a failure without a code; stands for whatever a manifest records that is no code."""
# UAX #9: embeddings, overrides and isolates. Joiners, which honest text needs, are none of them.
_REORDERING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
REPLACEMENT = "\ufffd"


def text(value: object) -> str:
    """The value if it is a text, cut, its control characters replaced; else ""."""
    if not isinstance(value, str):
        return ""
    short = value[:MAX_TEXT]
    # Most texts are plain, and a store has thousands.
    return short if short.isascii() and short.isprintable() else "".join(map(harmless, short))


def harmless(char: str) -> str:
    """The character, or U+FFFD for one that a terminal may obey or that shows its neighbours in another order."""
    control = unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}
    return REPLACEMENT if control or unicodedata.bidirectional(char) in _REORDERING else char


def table(value: object) -> Mapping[str, Any]:
    """The value if it is a table, else an empty one."""
    return value if isinstance(value, dict) else {}


def rows(value: object) -> list[Mapping[str, Any]]:
    """The tables in a list; other things in it, and other things than a list, are left out."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def code(status: Mapping[str, Any]) -> str:
    """The code of one status; OTHER_CODE where a manifest has something else in its place."""
    found = text(status.get("code"))
    return found if not found or _CODE.fullmatch(found) else OTHER_CODE


def address(value: object) -> str:
    """The value if it is an address of ordinary length, else ""."""
    found = text(value)
    return found if _ADDRESS.fullmatch(found) else ""


def unique(values: Iterable[str]) -> list[str]:
    """Sorted, without repetitions and blanks; at most MAX_ITEMS."""
    return sorted({value for value in values if value})[:MAX_ITEMS]

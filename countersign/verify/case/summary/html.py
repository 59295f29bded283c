"""Markup in which text of strangers cannot become markup: plain strings are escaped wherever they enter.

Knows nothing of cases.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

# Controls, lone surrogates, noncharacters, and the overrides and isolates of UAX #9. Listed rather than asked of
# `unicodedata`, whose tables grow: the page is made again, byte for byte, years later.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_EMPTY = frozenset({"img", "meta"})


class Html(str):
    """Text that is markup already. Made here and nowhere else."""

    __slots__ = ()


def escaped(text: str) -> Html:
    """`text` as it is shown; Html stays as it is.

    What would not be seen, or would show its neighbours in another order, becomes U+FFFD.
    """
    return text if isinstance(text, Html) else Html(html.escape(_HIDDEN.sub("\ufffd", text), quote=True))


def element(tag: str, /, *children: str, **attributes: str) -> Html:
    """`<tag attributes>children</tag>`; class_ and http_equiv stand for the names that Python cannot spell."""
    written = "".join(
        f' {attribute.rstrip("_").replace("_", "-")}="{escaped(value)}"' for attribute, value in attributes.items()
    )
    if tag in _EMPTY:
        return Html(f"<{tag}{written}>")
    return Html(f"<{tag}{written}>{joined(*children)}</{tag}>")


def joined(*children: str) -> Html:
    """Children side by side."""
    return Html("".join(escaped(child) for child in children))


def stranger(text: str) -> Html:
    """Text that somebody else wrote, kept from reordering what stands beside it."""
    return element("bdi", text) if text else Html("")


def code(text: str) -> Html:
    """A digest, a key, an identifier: to be compared character by character."""
    return element("code", text) if text else Html("")


def items(lines: Sequence[str], **attributes: str) -> Html:
    """A list; nothing where there are no lines."""
    return element("ul", *(element("li", line) for line in lines), **attributes) if lines else Html("")


def pairs(*named: tuple[str, str], **attributes: str) -> Html:
    """A table of names and values; those without a value are left out."""
    lines = [element("tr", element("th", name, scope="row"), element("td", value)) for name, value in named if value]
    return element("table", element("tbody", *lines), **attributes) if lines else Html("")

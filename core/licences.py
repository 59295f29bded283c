"""Under which licence a brought model may run: what its folder says, what the operator says, and what is accepted.

This module knows names of licences. It gives no legal advice, and does not read licences' texts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from core.errors import ConfigurationError

FREE = frozenset(
    {
        *("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "unlicense", "cc0-1.0", "cc-by-4.0"),
        *("cc-by-sa-4.0", "bsl-1.0", "zlib"),
    }
)
"""Free for every use, by their SPDX names in lower case. OpenRAIL is not among them: it forbids uses."""
CARD = "README.md"
_FENCE = "---"
_KEY = "modelspec.license"  # of ModelSpec, which trainers write into the header of safetensors
_HEADER = 8  # bytes, little-endian: the length of the JSON that follows
_UNREADABLE = "unreadable"
_MAX_NAME = 200
_MAX_CARD = 65_536  # characters that are read of a card
_UNSTATED = frozenset({"", "other", "unknown", "none"})
"""Names by which hubs say that they know none."""


def stated_by(folder: Path) -> str:
    """The licence that a model's card names in its first lines of YAML (Hugging Face's model cards); "" for none."""
    parts = card_of(folder).split(_FENCE, 2)
    if len(parts) != 3 or parts[0].strip():
        return ""
    try:
        facts = yaml.safe_load(parts[1])
    except (yaml.YAMLError, ValueError, RecursionError):  # dates that are none, and depth, are not YAML's own errors
        return ""
    facts = facts if isinstance(facts, dict) else {}
    named = (_name(facts.get(key)) for key in ("license", "license_name"))
    return next((name for name in named if name.lower() not in _UNSTATED), "")


def in_header(data: bytes) -> str:
    """The licence that the header of a safetensors file names; "" for none, and for what is no text.

    data: the whole file, which MUST have been found to be safetensors.
    """
    length = int.from_bytes(data[:_HEADER], "little")
    header: Mapping[str, Any] = json.loads(data[_HEADER : _HEADER + length])
    named = header.get("__metadata__", {}).get(_KEY, "")
    return named.strip() if isinstance(named, str) else ""


def _name(stated: Any) -> str:
    """A licence's name, or several in one line. What is neither is no licence that anybody knows to be free."""
    names = stated if isinstance(stated, list) else [] if stated is None else [stated]
    if not all(isinstance(name, str) for name in names):
        return _UNREADABLE
    return ", ".join(names)[:_MAX_NAME]


def card_of(folder: Path) -> str:
    """The first 64 Ki characters of a folder's model card, "" where there is none."""
    path = folder / CARD
    if not path.is_file():
        return ""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(_MAX_CARD)


def accepted(name: str, stated: str, configured: str, accept: str) -> str:
    """The licence under which the model `name` runs.

    stated: by its folder. configured: by the operator, for a folder that states none. accept: what the operator accepts
    by its name, though it is not free for every use. Raises ConfigurationError for a licence that contradicts the
    folder's, that nobody names, or that is not free and not accepted.
    """
    if stated and configured and stated.lower() != configured.lower():
        raise ConfigurationError(
            f"the model {name} is configured as licensed under {configured}, its card says {stated}; leave it out"
        )
    licence = stated or configured
    if not licence:
        raise ConfigurationError(f"the model {name} names no licence; find out which it is and set licence")
    if licence.lower() not in FREE and licence.lower() != accept.lower():
        raise ConfigurationError(
            f"the licence {licence} of the model {name} is not one that is known to be free for every use; "
            f'if your use is allowed by it, set accept_licence = "{licence}"'
        )
    return licence

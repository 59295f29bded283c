"""Model cards: Markdown files beside this module, each opening with a few lines of YAML that lists are made from.

    ---
    licence: Apache-2.0
    summary: One sentence on what it does.
    limits: One sentence on what it cannot do.
    profiles: [photo]
    ---
    # The card …

`profiles`, which may be missing, says that the model is for such pictures alone.

They lie in the package, not in docs/, because an installed server shows them.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from core.errors import ConfigurationError
from generators.base import PROFILES, Card

_FENCE = "---\n"


def read(path: Path) -> Card:
    """The card in a file. Raises ConfigurationError for a file that is missing or lacks one of its three lines."""
    try:
        opening, header, markdown = path.read_text(encoding="utf-8").split(_FENCE, 2)
        facts = yaml.safe_load(header)
        if opening:
            raise ValueError("text before the first fence")
        licence, summary, limits = (str(facts[key]) for key in ("licence", "summary", "limits"))
        profiles = frozenset(facts.get("profiles", PROFILES))
        if not profiles or not profiles <= PROFILES:
            raise ValueError(f"profiles are some of {', '.join(sorted(PROFILES))}")
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"the model card {path.name} cannot be read: {error}") from error
    return Card(licence=licence, summary=summary, limits=limits, markdown=markdown.lstrip(), profiles=profiles)


def shipped(name: str) -> Card:
    """The card `name` ("denoise_nlm.md") of this package. Raises as `read` does."""
    return read(Path(__file__).parent / name)

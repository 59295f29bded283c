"""What the configurations in a brought folder may not decide: which code computes, and from where it comes.

This module knows JSON. It does not know what a model is made of.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHOICES = frozenset({"attn_implementation", "_attn_implementation", "quantization_config"})
"""Settings by which the libraries import other packages, or fetch kernels by a hub's name. Classes of a folder's own
(`auto_map`) are not loaded anyway.
"""


ADAPTER = "adapter_config.json"
"""Names another model to lay the weights upon, which transformers would follow out of the folder."""


def refuse_choices(folder: Path) -> None:
    """Raises ValueError where a configuration in `folder`, or right below it, makes one of these choices, or is that of
    an adapter.
    """
    if found := next(iter([*folder.glob(ADAPTER), *folder.glob(f"*/{ADAPTER}")]), None):
        raise ValueError(f"{found.parent.name}/{found.name} lays its weights upon another model; merge them first")
    for path in sorted([*folder.glob("*config*.json"), *folder.glob("*/*config*.json")]):
        try:
            names = set(_names(json.loads(path.read_text(encoding="utf-8"))))
        except RecursionError as error:
            raise ValueError(f"{path.parent.name}/{path.name} is nested too deeply") from error
        if chosen := sorted(names & CHOICES):
            raise ValueError(f"{path.parent.name}/{path.name} sets {chosen[0]}, which is not a model's to choose")


def _names(value: Any) -> Iterator[str]:
    """Of all settings whose value is one, at any depth."""
    if isinstance(value, dict):
        yield from (str(name) for name, inner in value.items() if inner is not None)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _names(each)

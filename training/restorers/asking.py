"""What every command that ships a restorer is asked."""

from __future__ import annotations

import argparse
from pathlib import Path

from generators import catalog
from training.corpora.photographs import DEFAULT_CACHE, MANIFEST


def parser_of(module: str, description: str | None) -> argparse.ArgumentParser:
    """The options that they share."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of a run that has ended")
    parser.add_argument("--output", type=Path, default=catalog.WEIGHTS.parent, help="holds weights/ and cards/")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where training.corpora built")
    parser.add_argument("--manifest", type=Path, default=MANIFEST, help="the corpus")
    parser.add_argument("--threads", type=int, default=2)
    return parser

"""The command `countersign`: what a person or a script types. Its stable surface is described in the README.

`app` puts the commands together, one file a command. Nothing here knows gRPC: commands talk to `countersign.client`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import entry_points

from countersign.cli.importing import importing


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command line (default: the process's own) and exits with its code: see `countersign.cli.exits`."""
    with importing():
        from countersign.cli.app import COMMANDS, build_app

    build_app(entry_points(group=COMMANDS))(args=arguments, prog_name="countersign")

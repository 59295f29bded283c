"""The operator's commands, hung on the command `countersign` by the entry point in pyproject.toml.

    serve · demo · db upgrade · known add|remove|list|import|export|digest · policy check|test
    known near add|remove|list|digest · models verify|digest|convert
    log fsck|hammer|keys|mirror|rotate-key

Importing this package must be cheap and must work where only the client is installed: it happens on every start of
every command. Each command imports what it needs when it runs.
"""

from __future__ import annotations

from collections.abc import Mapping

import typer

from server.cli import (
    convert,
    database,
    demo,
    fsck,
    hammer,
    keys,
    known,
    known_lists,
    known_near,
    mirror,
    policy,
    policy_cases,
    serve,
    weights,
)


def attach(app: typer.Typer, groups: Mapping[str, typer.Typer]) -> None:
    """Adds the commands: the hook that `countersign.cli.app` calls."""
    serve.register(app)
    demo.register(app)
    database.register(groups["db"])
    known.register(groups["known"])
    known_lists.register(groups["known"])
    known_near.register(groups["known"])
    policy.register(groups["policy"])
    policy_cases.register(groups["policy"])
    fsck.register(groups["log"])
    hammer.register(groups["log"])
    mirror.register(groups["log"])
    keys.register(groups["log"])
    weights.register(groups["models"])
    convert.register(groups["models"])

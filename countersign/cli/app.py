"""The composition root of the command line: the client's commands, and those that other distributions hang on.

A distribution adds commands by an entry point in the group `countersign.commands`, a function

    attach(app: typer.Typer, groups: Mapping[str, typer.Typer]) -> None

where `groups` holds the groups of GROUPS by name. Importing it MUST be cheap: it happens on every start.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, version
from pathlib import Path

import typer

from countersign.cli import (
    bundle,
    consistency,
    enhance,
    erase,
    export,
    follow,
    generate,
    inspect,
    log,
    mirror,
    models,
    policy,
    policy_trials,
    recover,
    review,
    screen,
    verify,
    witness,
)
from countersign.cli.anywhere import Anywhere
from countersign.cli.session import Globals
from countersign.cli.text import complain

COMMANDS = "countersign.commands"

GROUPS = {
    "log": "Read the record of decisions.",
    "models": "The models that examine and make media.",
    "witness": "Vouch for a log that somebody else runs.",
    "known": "The list of known content.",
    "policy": "The written rules that decide.",
    "db": "The server's database.",
}


def build_app(plugins: Iterable[EntryPoint] = ()) -> typer.Typer:
    """A fresh application with all commands. A plug-in that cannot be loaded costs its own commands only."""
    app = typer.Typer(
        cls=Anywhere,
        help="Screen, make, enhance, inspect and verify media, and read the record of what was decided.",
        no_args_is_help=True,
        # A traceback with local variables could show tokens and media.
        pretty_exceptions_enable=False,
    )
    app.callback()(take_globals)
    groups = {name: typer.Typer(help=text, no_args_is_help=True) for name, text in GROUPS.items()}
    for command in (screen, enhance, generate, inspect, recover, verify, review, erase):
        command.register(app)
    log.register(groups["log"])
    follow.register(groups["log"])
    export.register(groups["log"])
    bundle.register(groups["log"])
    consistency.register(groups["log"])
    witness.register(groups["witness"])
    mirror.register(groups["log"])
    models.register(groups["models"])
    policy.register(groups["policy"])
    policy_trials.register(groups["policy"])
    attach_plugins(plugins, app, groups)
    for name, group in groups.items():
        if group.registered_commands:
            app.add_typer(group, name=name)
    return app


def attach_plugins(plugins: Iterable[EntryPoint], app: typer.Typer, groups: dict[str, typer.Typer]) -> None:
    """Lets each plug-in add its commands."""
    for plugin in plugins:
        try:
            attach = plugin.load()
        except (ImportError, AttributeError) as error:
            complain(f"the commands of {plugin.name!r} are not available: {error}")
            continue
        attach(app, groups)


def show_version(wanted: bool) -> None:
    """Prints the version of the installed distribution."""
    if wanted:
        print(version("countersign"))
        raise typer.Exit


def take_globals(
    ctx: typer.Context,
    config: Path | None = typer.Option(
        None, "--config", help="countersign.toml; also COUNTERSIGN_CONFIG.", show_default=False
    ),
    address: str | None = typer.Option(
        None, "--address", help="host:port of the server; also COUNTERSIGN_ADDRESS.", show_default=False
    ),
    timeout: float | None = typer.Option(
        None, "--timeout", min=0.001, help="Seconds to wait: by default 60, and 600 for long work.", show_default=False
    ),
    _version: bool = typer.Option(False, "--version", callback=show_version, is_eager=True, help="Print the version."),
) -> None:
    """Options of every command. A token is never one: other users could read it in the list of processes."""
    ctx.obj = Globals(config, address, timeout)

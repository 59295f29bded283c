"""What every command shares: the global options, and a client made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from countersign.client import Client
from countersign.settings import ClientSettings
from countersign.v1 import common_pb2

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
Surface = Annotated[str, typer.Option(help="Where the media is used: avatar, feed, … Policies may look at it.")]
Jurisdiction = Annotated[str, typer.Option(help="Country whose law applies, ISO 3166-1 alpha-2: DE.")]

Subject = Annotated[str, typer.Option(help="Your own opaque name of the person it comes from; erasable.")]


@dataclass(frozen=True, slots=True)
class Globals:
    """Options before the command, None where not given. timeout: seconds."""

    config: Path | None
    address: str | None
    timeout: float | None


def globals_of(ctx: typer.Context) -> Globals:
    """The global options of a running command; also for commands of other distributions."""
    return ctx.ensure_object(Globals)


def connect(ctx: typer.Context) -> Client:
    """A client of the configured server. Raises ConfigurationError; dials only when the first call is made."""
    options = globals_of(ctx)
    settings = ClientSettings.load(options.config)
    if options.timeout is None:
        return Client(options.address, settings=settings)
    return Client(options.address, settings=settings, timeout=options.timeout, long_timeout=options.timeout)


def context_of(surface: str, jurisdiction: str) -> common_pb2.Context:
    """The context that policies see."""
    return common_pb2.Context(surface=surface, jurisdiction=jurisdiction)

"""`countersign models list`: the models that the server runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from countersign.cli.session import AsJson, connect
from countersign.cli.tables import models_table
from countersign.cli.text import reporting, say, say_json
from countersign.v1 import model_pb2
from countersign.views import model_json


class Role(StrEnum):
    """What a model is for."""

    DETECTOR = "detector"
    GENERATOR = "generator"


ROLES = {
    None: model_pb2.MODEL_ROLE_UNSPECIFIED,
    Role.DETECTOR: model_pb2.MODEL_ROLE_DETECTOR,
    Role.GENERATOR: model_pb2.MODEL_ROLE_GENERATOR,
}


def list_models(
    ctx: typer.Context,
    role: Annotated[Role | None, typer.Option(help="Only models of this role.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the server's models; --json includes their cards."""
    with reporting(as_json), connect(ctx) as client:
        views = [model_json(model) for model in client.list_models(ROLES[role])]
    if as_json:
        say_json(views)
    else:
        say(models_table(views))


def register(group: typer.Typer) -> None:
    """Adds the command to the group `models`."""
    group.command("list")(list_models)

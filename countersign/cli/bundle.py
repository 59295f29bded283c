"""`countersign log bundle ID -o case.zip`: one decision with everything that it can be checked by, as a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from countersign.cli.checks import LogKeys, Rotations, report, trust_of
from countersign.cli.choosing import Tenant
from countersign.cli.files import refuse_output, write_atomically
from countersign.cli.session import AsJson, connect
from countersign.cli.text import reporting
from countersign.verify.case import verify_case


def bundle(
    ctx: typer.Context,
    decision_id: Annotated[str, typer.Argument(metavar="ID", help="The decision's id.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The zip to write.")],
    log_key: LogKeys = None,
    rotation: Rotations = None,
    tenant: Tenant = "",
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Fetch one decision with its evidence and proofs, check them, and write them to a zip for others to check.

    What does not hold is written all the same, because it is evidence of something too; the exit code is 1 then.
    """
    with reporting(as_json):
        refuse_output(output, force=force)
        trust = trust_of(log_key, rotation)
        with connect(ctx) as client:
            case = client.bundle(decision_id, tenant=tenant)
        checks = verify_case(case, trust)
        write_atomically(output, case, force=force)
    report(checks, as_json=as_json)


def register(group: typer.Typer) -> None:
    """Adds the command to the group `log`."""
    group.command("bundle")(bundle)

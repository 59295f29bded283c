"""`countersign screen FILE…`: one decision a file. Whatever the decision, screening it is success."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from countersign.cli.evidence import name_paths, save_evidence
from countersign.cli.exits import ExitCode, exit_code_of
from countersign.cli.files import make_folder, safe_name, write_json
from countersign.cli.progress import Bars
from countersign.cli.session import AsJson, Jurisdiction, Subject, Surface, connect, context_of
from countersign.cli.tables import findings_table, screening_table
from countersign.cli.text import complain, say, say_json, sentence_of
from countersign.client import Client
from countersign.errors import CountersignError, ServerUnavailable
from countersign.receipts import receipt_json
from countersign.v1 import common_pb2
from countersign.views import error_json, screening_json


@dataclass(slots=True)
class Outcome:
    """What became of one file. view: its screening in JSON form, None where there is none.

    Both are there when the file was screened but its receipt or evidence could not be saved.
    """

    file: Path
    view: dict[str, Any] | None = None
    error: CountersignError | None = None

    def json(self) -> dict[str, Any]:
        """One element of `screen --json`."""
        view = self.view or {"file": str(self.file)}
        return view | ({"error": error_json(self.error)} if self.error else {})


@dataclass(frozen=True, slots=True)
class Screener:
    """The choices that hold for all files of one command. receipts, evidence: folders to write to, or None.

    subject: the caller's own opaque name of the uploader.
    """

    client: Client
    receipts: Path | None = None
    evidence: Path | None = None
    context: common_pb2.Context = field(default_factory=common_pb2.Context)
    subject: str = ""

    def screen_all(self, files: Sequence[Path], bars: Bars) -> Iterator[Outcome]:
        """One outcome a file, in order. A file that fails does not stop the others; a lost server does."""
        lost: ServerUnavailable | None = None
        for file in files:
            outcome = Outcome(file, error=lost) if lost else self.screen(file, bars)
            if isinstance(outcome.error, ServerUnavailable):
                lost = outcome.error
            yield outcome

    def screen(self, file: Path, bars: Bars) -> Outcome:
        """Screens one file and saves what was asked for."""
        outcome = Outcome(file)
        try:
            screening = self.client.screen(
                file,
                context=self.context,
                include_evidence=self.evidence is not None,
                subject=self.subject,
                progress=bars.uploading(file.name),
            )
            outcome.view = screening_json(str(file), screening)
            if self.receipts:
                name = safe_name(f"{file.name}.{screening.decision.decision_id}")
                write_json(self.receipts / f"{name}.receipt.json", receipt_json(screening.receipt), force=True)
            if self.evidence:
                name_paths(outcome.view, save_evidence(self.evidence, file, screening.decision))
        except CountersignError as error:
            outcome.error = error
        return outcome


def screen(
    ctx: typer.Context,
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Images and videos.")],
    as_json: AsJson = False,
    receipt_dir: Annotated[Path | None, typer.Option(help="Save each receipt in this folder.")] = None,
    evidence: Annotated[Path | None, typer.Option(help="Save masks and other evidence in this folder.")] = None,
    surface: Surface = "",
    jurisdiction: Jurisdiction = "",
    subject: Subject = "",
) -> None:
    """Ask for a decision on each file. A file that is refused makes the exit code 2; the others are still screened."""
    try:
        for folder in (receipt_dir, evidence):
            if folder:
                make_folder(folder)
        with connect(ctx) as client, Bars() as bars:
            screener = Screener(client, receipt_dir, evidence, context_of(surface, jurisdiction), subject)
            outcomes = list(screener.screen_all(files, bars))
    except CountersignError as error:
        # Nothing could be tried; the promise of one object a file holds all the same.
        outcomes = [Outcome(file, error=error) for file in files]
    if as_json:
        say_json([outcome.json() for outcome in outcomes])
    else:
        views = [outcome.json() for outcome in outcomes]
        say(screening_table(views))
        if len(views) == 1 and "findings" in views[0]:
            say(findings_table(views[0]["findings"]))
    raise typer.Exit(worst(outcomes))


def worst(outcomes: Sequence[Outcome]) -> ExitCode:
    """The gravest exit code among the files; each error is also said on stderr."""
    code = ExitCode.DONE
    for outcome in outcomes:
        if outcome.error:
            complain(f"{outcome.file}: {sentence_of(outcome.error)}")
            code = max(code, exit_code_of(outcome.error))
    return code


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("screen")(screen)

"""Many files improved by one command: one outcome a file, and a folder in which nothing lies half.

A file that fails does not stop the others; a lost server does, and so does Ctrl-C. Knows files and their names. It does
not know what is asked of the server for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from countersign.cli.exits import ExitCode, exit_code_of
from countersign.cli.files import refuse_output, safe_name, write_atomically, write_json
from countersign.cli.making import OPTIONS, write_companions
from countersign.cli.progress import Bars
from countersign.cli.tables import reasons_text
from countersign.cli.text import complain, sentence_of
from countersign.errors import Cancelled, CountersignError, ServerUnavailable, UnusableFile
from countersign.receipts import receipt_json
from countersign.results import CompanionKind, Made, StageProgress
from countersign.uploads import usable_size
from countersign.views import error_json, made_json

SUFFIXES = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg", ".jpe"),
    "image/webp": (".webp",),
    "image/avif": (".avif",),
    "image/tiff": (".tif", ".tiff"),
}
"""How files of a format are called; the first is added to names that say something else."""
Work: TypeAlias = Callable[[Path, StageProgress], Made]


@dataclass(slots=True)
class Outcome:
    """What became of one file. view: in JSON form, None where nothing came of it. interrupted: by Ctrl-C."""

    file: Path
    view: dict[str, Any] | None = None
    error: CountersignError | None = None
    interrupted: bool = False

    def json(self) -> dict[str, Any]:
        """One element of the array of `enhance --json`."""
        view = {"file": str(self.file)} | (self.view or {})
        return view | ({"error": error_json(self.error)} if self.error else {})


@dataclass(frozen=True, slots=True)
class Batch:
    """One command's files, none of which may be written to, be it linked to from the folder.

    folder, receipts: where to, receipts only where wanted. companions: folders for pictures that explain the results,
    by kind. taken: what was written.
    """

    sources: Sequence[Path]
    folder: Path
    receipts: Path | None = None
    companions: Mapping[CompanionKind, Path] = field(default_factory=dict)
    force: bool = False
    taken: set[Path] = field(default_factory=set)

    def run(self, work: Work, bars: Bars) -> Iterator[Outcome]:
        """One outcome a file, in order. work: has one improved. After Ctrl-C, those that nobody came to say so."""
        tell = bars.several(len(self.sources))
        end: Outcome | None = None
        for file in self.sources:
            outcome = replace(end, file=file) if end else self._one(file, work, bars)
            if outcome.interrupted or isinstance(outcome.error, ServerUnavailable):
                end = replace(outcome, view=None)
            tell()
            yield outcome

    def _one(self, file: Path, work: Work, bars: Bars) -> Outcome:
        outcome = Outcome(file)
        try:
            usable_size(file)
            self._refuse(self.folder / file.name)
            with bars.one_of_several(file.name) as progress:
                made = work(file, progress)
            outcome.view = made_json(None, made)
            self._write(file, made, outcome.view)
        except CountersignError as error:
            outcome.error = error
        except KeyboardInterrupt:
            outcome.error, outcome.interrupted = Cancelled("interrupted before it was done"), True
        return outcome

    def _write(self, file: Path, made: Made, view: dict[str, Any]) -> None:
        """Writes what there is to write, the receipt first, as for a single file; then `view` says where it is."""
        if self.receipts:
            name = safe_name(f"{file.name}.{made.result.decision.decision_id}")
            write_json(self.receipts / f"{name}.receipt.json", receipt_json(made.result.receipt), force=True)
        if made.media is None:
            return
        target = self._taken(self.folder / named_for(file.name, made.result.mime_type))
        write_atomically(target, made.media, force=self.force)
        view["output"] = str(target)
        beside = {kind: self._taken(self.companions[kind] / beside_of(file.name, kind)) for kind in made.companions}
        write_companions(made, view, beside, force=self.force)

    def _taken(self, target: Path) -> Path:
        """The target, which from here on is no other file's. Raises UnusableFile."""
        self._refuse(target)
        self.taken.add(target)
        return target

    def _refuse(self, target: Path) -> None:
        """Raises UnusableFile for a target that is a source, or another file's result."""
        if target in self.taken:
            raise UnusableFile(f"{target} is the result of another file of that name", field="output")
        if target.exists():
            for source in self.sources:
                refuse_output(target, force=True, source=source)
        refuse_output(target, force=self.force)


def named_for(name: str, mime: str) -> str:
    """A source's name for its result: with a suffix more where its own says another format than the result's."""
    suffixes = SUFFIXES.get(mime, ())
    return name if not suffixes or Path(name).suffix.lower() in suffixes else name + suffixes[0]


def beside_of(name: str, kind: CompanionKind) -> str:
    """A source's name for a picture that explains its result."""
    return f"{name}.{OPTIONS[kind].removeprefix('--')}.png"


def gravest(outcomes: Iterable[Outcome]) -> ExitCode:
    """The gravest exit code among the files; what is wrong with each is said on stderr."""
    code = ExitCode.DONE
    for outcome in outcomes:
        if outcome.error:
            complain(f"{outcome.file}: {sentence_of(outcome.error)}")
            code = max(code, ExitCode.INTERRUPTED if outcome.interrupted else exit_code_of(outcome.error))
        elif outcome.view and outcome.view["output"] is None:
            complain(f"{outcome.file}: the decision blocks it:\n{reasons_text(outcome.view['reasons'])}")
            code = max(code, ExitCode.CHECK_FAILED)
    return code

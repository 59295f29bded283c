"""The proof table of `docs/provenance.md`, made anew: `python -m tests.provenance.table`.

Every case of `tests/provenance/cases.py`, judged by our reader and by `encypher-c2pa`, which shares no code with it.
`--check` writes nothing and ends with 1 where the document says something else.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.credential import CredentialState as State
from tests.provenance.cases import CASES, Case, Materials, materials
from tests.provenance.conftest import Validate, validator
from tests.provenance.files import MIMES
from tests.provenance.signers import judged, stranger

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/provenance.md"
BEGIN = "<!-- proof table: python -m tests.provenance.table -->"
END = "<!-- end of the proof table -->"
# What the validator says if it means the same. It has no words of its own for the other states.
SAME = {
    State.TRUSTED: {"trusted"},
    State.VALID_UNTRUSTED: {"intact"},
    State.INVALID: {"not intact", "cannot be read"},
    State.UNPARSEABLE: {"not intact", "cannot be read"},
    State.EXPIRED_NO_TIMESTAMP: {"not intact"},
    State.INGREDIENT_FAILED: {"not intact"},
    State.REMOTE_NOT_FETCHED: {"not intact", "nothing found"},
    State.NONE: {"nothing found"},
}


@dataclass(frozen=True)
class Judged:
    """One file, judged twice."""

    case: Case
    mime: str
    state: State
    word: str

    @property
    def expected(self) -> bool:
        """Whether our reader finds what it must."""
        return self.state is self.case.state or (self.case.unreadable and self.state is State.UNPARSEABLE)

    @property
    def agrees(self) -> bool:
        """Whether both mean the same."""
        return self.word in SAME[self.state]

    @property
    def permitted(self) -> bool:
        """Whether they agree, or differ for the reason that the case gives."""
        return self.agrees or self.word == self.case.theirs


def judge_all(case: Case, have: Materials, validate: Validate) -> list[Judged]:
    """The case in all its formats."""
    trust = case.trust(have) if case.trust else have.trust
    found = []
    for mime in case.mimes:
        data = case.make(have, mime)
        found.append(Judged(case, mime, judged(data, mime, trust).state, validate(data, mime, trust).word))
    return found


def table(results: Sequence[Judged]) -> str:
    """The results as Markdown, one line for each case and outcome."""
    agreed, cases = sum(one.agrees for one in results), len({one.case.name for one in results})
    head = (
        f"{cases} cases, {len(results)} files. Both say the same of {agreed}; of {len(results) - agreed} they do not, "
        "for the reason given.\n\n"
        "| What was done | Formats | Our reader | `encypher-c2pa` | |\n|---|---|---|---|---|\n"
    )
    return head + "\n".join(lines(results))


def lines(results: Iterable[Judged]) -> Iterator[str]:
    """The rows. Formats in which a case came out alike share one."""
    alike: dict[tuple[Case, State, str], list[Judged]] = {}
    for one in results:
        alike.setdefault((one.case, one.state, one.word), []).append(one)
    for (case, state, word), group in alike.items():
        formats = [name_of(one.mime) for one in group]
        shown = f"all {len(formats)}" if len(formats) == len(MIMES) else ", ".join(formats)
        outcome = "agree" if group[0].agrees else f"differ: {case.why}"
        yield f"| {case.name} | {shown} | {state.name} | {word} | {outcome} |"


def name_of(mime: str) -> str:
    """The format's name."""
    name = mime.rpartition("/")[2]
    return "WebP" if name == "webp" else name.upper()


def replaced(document: str, text: str) -> str:
    """The document with the table in its place. Raises ValueError where it has no such place."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("the document has no place for the table")
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def main() -> int:
    """Writes the table into the document, or compares."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ENCYPHER_C2PA_CONFIG_DIR"] = folder
        have = materials(Path(folder), stranger())
        results = [one for case in CASES for one in judge_all(case, have, validator())]
    text = replaced(DOCUMENT.read_text(), table(results))
    if "--check" in sys.argv[1:]:
        return int(text != DOCUMENT.read_text())
    DOCUMENT.write_text(text)
    wrong = [one for one in results if not (one.expected and one.permitted)]
    for one in wrong:
        sys.stderr.write(f"{one.case.name}, {one.mime}: {one.state.name}, {one.word}\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())

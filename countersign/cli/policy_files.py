"""How people name a policy at the command line: a file, the digest of a version, or its beginning."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from countersign.client import Client
from countersign.errors import InvalidRequest, NotFound, UnusableFile

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_BEGINNING = re.compile(r"(?:sha256:)?([0-9a-f]{6,64})")
_PLACE = re.compile(r"^policy(?=:\d+:\d+:)", re.MULTILINE)
CASES_ENDING = ".cases.yaml"

Candidate = Annotated[
    str,
    typer.Argument(
        metavar="POLICY",
        help="A YAML file, or a proposed version: its digest, or six digits or more that it begins with.",
    ),
]


def read_policy(path: Path) -> str:
    """The text of a file. Raises UnusableFile."""
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise UnusableFile(f"cannot read {path}: {error.strerror}", field="file") from error
    except UnicodeDecodeError as error:
        raise UnusableFile(f"{path} is not UTF-8 text", field="file") from error


def cases_beside(path: Path, given: Path | None) -> str:
    """The test cases: of the file that was given, or that lies beside the policy; "" where none does."""
    beside = cases_file(path, given)
    return read_policy(beside) if given or beside.exists() else ""


def needed_cases(path: Path, given: Path | None) -> Path:
    """The file with the test cases, as `cases_beside`. Raises UnusableFile where none lies beside the policy."""
    beside = cases_file(path, given)
    if given is None and not beside.exists():
        words = f"a policy needs test cases: write them to {beside}, or name their file with --cases"
        raise UnusableFile(f"{path} has none: {words}", field="cases", found=str(beside))
    return beside


def cases_file(path: Path, given: Path | None) -> Path:
    """Where the test cases of a policy are looked for."""
    return given or path.with_suffix(CASES_ENDING)


def version_of(client: Client, name: str) -> str:
    """The digest of a version that is on record, by a file with its text, its digest, or its beginning.

    Raises NotFound where there is none, InvalidRequest where several begin like this.
    """
    if Path(name).is_file():
        return f"sha256:{hashlib.sha256(read_policy(Path(name)).encode()).hexdigest()}"
    if DIGEST.fullmatch(name):
        return name
    match = _BEGINNING.fullmatch(name)
    if match is None:
        words = "is no file, and no digest of a version, nor six digits or more that one begins with"
        raise UnusableFile(f"{name} {words}", field="policy", found=name)
    digests = [each.digest for each in client.list_policies(1000).versions]
    found = [digest for digest in digests if digest.removeprefix("sha256:").startswith(match[1])]
    if not found:
        raise NotFound(f"no proposed policy begins with {name}; see `countersign policy list`", field="policy")
    if len(found) > 1:
        raise InvalidRequest(f"{len(found)} policies begin with {name}; write more of it", field="policy")
    return found[0]


@contextmanager
def told_of_file(name: str) -> Iterator[None]:
    """Tells places in a candidate, which the server calls "policy", as places in the file that it was read from."""
    try:
        yield
    except InvalidRequest as error:
        if error.field == "candidate.text" and Path(name).is_file():
            error.message = _PLACE.sub(lambda _: name, error.message)
        raise


def candidate_of(client: Client, name: str) -> str:
    """What a trial is made with: the text of a file, or the digest of a version."""
    return read_policy(Path(name)) if Path(name).is_file() else version_of(client, name)

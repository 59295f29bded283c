"""The verification of a case, step by step. Pure: no network, no clock, nothing written, nothing run.

A case is hostile until the last step: its zip is read by one strict reader, sizes and names before contents; every
digest is taken again; every claim is held against an entry that the log's key signed for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from countersign.verify import timestamp
from countersign.verify.case import archive, attachments, facts, setting
from countersign.verify.case.account import Account, read_account
from countersign.verify.case.manifest import read_manifest
from countersign.verify.case.receipts import check_receipts
from countersign.verify.checks import Check, step
from countersign.verify.errors import VerificationError
from countersign.verify.policy import Trust


def verify_case(
    case: bytes | Path,
    trust: Trust | str | None = None,
    media: bytes | None = None,
    timestamp_roots: bytes | None = None,
) -> list[Check]:
    """Every check in order; the case holds if all are ok. Never raises for malformed input; OSError for a path that
    cannot be read.

    trust: the log's keys from a source that you trust, and the witnesses you ask for; a string pins one key, None takes
    the case's own and says so. media: the file that the decision is said to be about. timestamp_roots: PEM certificates
    of time-stamping authorities that you trust; with them the case MUST have a time stamp.
    """
    policy = trust if isinstance(trust, Trust) else Trust(() if trust is None else (trust,))
    # 1. The zip has the one form that cases have: nothing hidden, nothing that unfolds.
    form, files = step("archive", lambda: _archive(case))
    if files is None:
        return [form]
    # 2. The files are those of the manifest, with its digests.
    listed, manifest = step("manifest", lambda: _manifest(files))
    if manifest is None:
        return [form, listed]
    # 3. They can be read as entries of a log and what belongs to them.
    read, account = step("content", lambda: ("every file can be read", read_account(files)))
    if account is None:
        return [form, listed, read]
    checks = [form, listed, read]
    # 4. Every entry stands in the log, and others vouch for the log.
    checks += check_receipts(account, policy, media)
    checks.append(_timestamp(account, timestamp_roots))
    # 5. What the entries say belongs together, and nothing is missing.
    return [*checks, *_contents(account, files, manifest)]


def _timestamp(account: Account, roots: bytes | None) -> Check:
    if account.timestamp is None:
        return Check(timestamp.NAME, roots is None, "the case has none")
    return timestamp.check_timestamp(account.timestamp, account.note, roots)


def _contents(account: Account, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> Iterator[Check]:
    works: list[tuple[str, Callable[[], str]]] = [
        ("decision", lambda: facts.decision(account, manifest)),
        ("history", lambda: facts.history(account)),
        ("state", lambda: facts.state(account, manifest)),
        ("intent", lambda: facts.intent(account)),
        ("disclosures", lambda: attachments.disclosures(account)),
        ("removals", lambda: attachments.removals(account)),
        ("evidence", lambda: attachments.evidence(account, files)),
        ("configuration", lambda: setting.configuration(account)),
        ("policy", lambda: setting.policy(account)),
        ("models", lambda: setting.models(account)),
        ("trust list", lambda: setting.trust_list(account)),
        ("documents", lambda: setting.documents(account, files)),
        ("credential", lambda: attachments.credential(account, files)),
        ("summary", lambda: attachments.told(account, files)),
    ]
    for name, work in works:
        yield step(name, lambda work=work: (work(), None))[0]  # type: ignore[misc]


def _archive(case: bytes | Path) -> tuple[str, dict[str, bytes]]:
    files = archive.unpack(case if isinstance(case, bytes) else _read(case))
    return f"{len(files)} files, stored plainly, nothing between them", files


def _read(path: Path) -> bytes:
    with path.open("rb") as stream:
        data = stream.read(archive.MAX_BYTES + 1)
    if len(data) > archive.MAX_BYTES:
        raise VerificationError(f"the zip is larger than {archive.MAX_BYTES} bytes")
    return data


def _manifest(files: Mapping[str, bytes]) -> tuple[str, Mapping[str, Any]]:
    manifest = read_manifest(files)
    return f"{len(files) - 1} files with the digests that it lists, and no others", manifest

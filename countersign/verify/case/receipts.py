"""Checks that every entry of a case stands in the log: one checkpoint, one chain of keys, a proof for each entry.

This module does not know what the entries say.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from countersign.verify.case import layout
from countersign.verify.case.account import Account, Entry
from countersign.verify.case.fields import text
from countersign.verify.checks import Check, step
from countersign.verify.errors import VerificationError
from countersign.verify.policy import Trust
from countersign.verify.receipt import verify_receipt
from countersign.verify.rotation import open_rotation
from countersign.verify.tlog_proof import TlogProof

MAX_KEYS = 1000
"""More changes of keys than a log sees in its life."""


def check_receipts(account: Account, trust: Trust, media: bytes | None) -> Iterator[Check]:
    """The checks of the decision's receipt one by one, those of the others as one each."""
    yield step("keys", lambda: (_keys(account), None))[0]
    # What rotations say is proved by the keys that signed them, wherever they come from.
    statements = tuple(each.statement for each in account.log_keys if each.statement)
    wider = replace(trust, rotations=(*trust.rotations, *statements))
    yield from verify_receipt(account.decision.receipt, media, wider)
    if not trust.asks_witnesses and (others := _others(account)):
        # Anybody can add a line in anybody's name, and the summary tells of every line.
        detail = f"NOT CHECKED: lines in the names of {', '.join(others)}; name your witnesses to check them"
        yield Check("witness", True, detail)
    # The others are against the same checkpoint, by the same key: whom to trust need not be settled again for each,
    # which with many entries and many rotations would take hours.
    same = Trust((text(account.decision.receipt, "log_key"),))
    for entry in account.entries[1:]:
        yield step(entry.file, lambda entry=entry: (_entry(entry, same), None))[0]  # type: ignore[misc]
    yield step("one checkpoint", lambda: (_one_checkpoint(account), None))[0]


def _keys(account: Account) -> str:
    """The list of keys is a chain of rotations, and its last key signed this case."""
    keys = account.log_keys
    if len(keys) > MAX_KEYS:
        raise VerificationError(f"the list names more than {MAX_KEYS} keys")
    if keys[0].statement or keys[0].since_size:
        raise VerificationError("the first key of the log starts with the log, without a statement")
    for old, new in pairwise(keys):
        rotation = open_rotation(new.statement)
        if (str(rotation.old), str(rotation.new), rotation.since_size) != (old.vkey, new.vkey, new.since_size):
            raise VerificationError(f"the statement for {new.vkey} tells of another rotation")
    if account.decision.receipt.get("log_key") not in {key.vkey for key in keys}:
        raise VerificationError("the receipt is signed with none of the log's keys")
    return f"the log has had {len(keys)} keys" if len(keys) > 1 else "the log has had one key"


def _others(account: Account) -> list[str]:
    """The names on the checkpoint beside the log's own."""
    origin = account.checkpoint.origin
    return sorted({line.name for line in account.signed.signatures if line.name != origin})


def _entry(entry: Entry, trust: Trust) -> str:
    checks = verify_receipt(entry.receipt, None, trust)
    failed = [check for check in checks if not check.ok]
    if failed:
        raise VerificationError(f"{failed[0].name}: {failed[0].detail}")
    return f"{entry.kind} {text(entry.content, 'decision_id')}, entry {entry.index} of the log"


def _one_checkpoint(account: Account) -> str:
    for entry in account.entries:
        if TlogProof.parse(str(entry.receipt.get("proof"))).checkpoint != account.note:
            raise VerificationError(f"{entry.file} is against another checkpoint than the file {layout.CHECKPOINT}")
    size = account.checkpoint.size
    return f"all {len(account.entries)} entries are proved against one tree of {size} entries"

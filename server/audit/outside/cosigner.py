"""Asking witnesses to cosign the newest checkpoint, in the background.

Each round shows one checkpoint to every witness, so that their lines come together under it. Recording never waits for
any of this: a witness that is down, slow, wrong or refusing costs a line in the logs and lets its metric age.
A witness that saw another history than the one here is told of loudly (`split_view`): either the log was put back or
rewritten, or two servers sign with one key, or the witness lies. That alone stops nothing: a liar would be able to.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from functools import partial

from core.errors import ConfigurationError, CountersignError, Unavailable
from countersign.verify.cosignature import verify_cosignature
from countersign.verify.errors import VerificationError
from countersign.verify.note import parse_note
from server.audit.outside.door import Door, Log
from server.audit.outside.threads import on_own_thread
from server.audit.outside.watch import Watch
from server.audit.outside.witness import Answer, Cosigned, Inconsistent, Knows, OtherTree, Refused, WitnessClient
from server.audit.tree.head import Head, read_head
from server.audit.tree.receipts import consistency_parts
from server.audit.tree.witnessed import add_cosignatures, newest_cosigned

INTERVAL = 60.0
"""Seconds between rounds. A receipt against a witnessed checkpoint can be had so much later, about."""
# Another server of the same log may get ahead of us at a witness; more often than this in one round is the next one's.
_ATTEMPTS = 3
# Seconds that a round waits for its visits: past their timeouts, but names may take longer to resolve than anything.
_PATIENCE = 60.0


class Cosigner:
    """Made with at least one witness; `run` it as a task, and cancel that to stop. ConfigurationError for one twice."""

    def __init__(
        self, log: Log, witnesses: Sequence[WitnessClient], watch: Watch, *, interval: float = INTERVAL
    ) -> None:
        if len({each.key.public_key for each in witnesses}) < len(witnesses):
            raise ConfigurationError("a witness is configured twice: one key counts once")
        self._door = Door(log)
        self._interval = interval
        self._visits = [_Visits(self._door, each, watch) for each in witnesses]

    async def run(self) -> None:
        """Until cancelled; then the log is not touched any more. Raises nothing else."""
        try:
            while True:
                await self.round()
                await asyncio.sleep(self._interval)
        finally:
            await on_own_thread("cosigner", self._door.shut)

    async def round(self) -> None:
        """Show the newest checkpoint to every witness that has not cosigned it, all at a time. Raises nothing."""
        head = await on_own_thread("cosigner", partial(_newest, self._door))
        if head is None or not head.size:
            return
        visits = [on_own_thread(f"witness-{each.name}", partial(each.visit, head)) for each in self._visits]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*visits), _PATIENCE)


def _newest(log: Log) -> Head | None:
    """What is to be cosigned; None in a process that may not write, where another one does this, or while none can."""
    try:
        with log.writing() as connection:
            return read_head(connection, lock=True)
    except CountersignError:
        return None


class _Visits:
    """What passes between the log and one witness."""

    def __init__(self, log: Log, witness: WitnessClient, watch: Watch) -> None:
        self.name = witness.name
        self._log = log
        self._witness = witness
        self._watch = watch
        # Size of the witness's newest checkpoint, by its own word; None before anything is known.
        self._known: int | None = None
        self._cosigned = 0
        self._visiting = threading.Lock()
        watch.expect(self.name)

    def visit(self, head: Head) -> None:
        """Bring `head` to the witness and keep what it answers. MUST NOT raise: the others' visits go on."""
        if not self._visiting.acquire(blocking=False):
            self._watch.trouble(self.name, "an earlier visit still waits for it")
            return
        try:
            if self._known is None:
                self._remember()
            if self._cosigned < head.size:
                self._settle(head, self._ask(head))
        except CountersignError as error:
            self._watch.trouble(self.name, str(error))
        except Exception:  # noqa: BLE001 - a defect must not end the cosigning by other witnesses
            self._watch.defect(self.name)
        finally:
            self._visiting.release()

    def _remember(self) -> None:
        """What it cosigned before this process began."""
        with self._log.reading() as connection:
            found = newest_cosigned(connection)
        self._known = 0
        if found is not None and found.has(self._witness.key):
            try:
                time = verify_cosignature(parse_note(found.note), self._witness.key)
            except VerificationError as error:
                raise Unavailable(f"the stored cosignature does not hold: {error}; run `log fsck`") from error
            self._known = self._cosigned = found.size
            self._watch.cosigned(self.name, found.size, time)

    def _ask(self, head: Head) -> Answer:
        """The witness's answer, once both agree on where it stands, or the answer that says why they never will."""
        answer = self._ask_once(head)
        for _ in range(_ATTEMPTS - 1):
            if not isinstance(answer, Knows) or answer.size == self._known or answer.size > head.size:
                break
            self._known = answer.size
            answer = self._ask_once(head)
        return answer

    def _ask_once(self, head: Head) -> Answer:
        old = min(self._known or 0, head.size)
        with self._log.reading() as connection:
            proof = consistency_parts(connection, old, head.size).hashes
        return self._witness.ask(old, proof, head.checkpoint)

    def _settle(self, head: Head, answer: Answer) -> None:
        match answer:
            case Cosigned(line=line):
                with self._log.writing() as connection:
                    add_cosignatures(connection, head, [line])
                self._known = self._cosigned = head.size
                self._watch.cosigned(self.name, head.size)
            case Knows(size=size) if size > head.size:
                self._ahead(size)
            # Some witnesses repeat the size where others leave it out.
            case Knows(size=size) if not size == self._known == head.size:
                self._known = size
                self._watch.trouble(self.name, f"it goes back and forth about what it knows, lately {size} entries")
            case OtherTree() if self._known != head.size:
                self._watch.trouble(self.name, "it answered 409 without the size that it knows")
            case Knows() | OtherTree():
                self._split(head, f"it cosigned another tree of {head.size} entries")
            case Inconsistent():
                self._split(head, f"its tree of {self._known} entries is not the beginning of ours")
            case Refused(why=why):
                self._watch.trouble(self.name, why)

    def _ahead(self, size: int) -> None:
        """It knows more than we showed: brought there by another server of this log, whose entries we then have."""
        with self._log.writing() as connection:
            newest = read_head(connection, lock=True)
        if newest.size < size:
            self._split(newest, f"it cosigned a tree of {size} entries, and there are {newest.size} here")
        else:
            self._known = size

    def _split(self, head: Head, why: str) -> None:
        self._watch.split_view(self.name, head.checkpoint, why)

"""RFC 3161 timestamps of the newest checkpoint, in the background.

A timestamp says when, and a witness that nobody is shown another history: the one does not replace the other. As with
witnesses, recording never waits for any of this, and an authority that is down or wrong costs a line in the logs.
"""

from __future__ import annotations

import asyncio

from core.errors import CountersignError
from server.audit.outside.authority import Authority
from server.audit.outside.door import Door, Log
from server.audit.outside.threads import on_own_thread
from server.audit.outside.watch import TIMESTAMPS, Watch
from server.audit.tree.head import Head, read_head
from server.audit.tree.witnessed import add_timestamp, newest_stamped

RETRY = 60.0
"""Seconds after which a timestamp that was not given is asked for again."""


class Timestamper:
    """`run` it as a task, and cancel that to stop. interval: seconds between timestamps, if the log grew."""

    def __init__(self, log: Log, authority: Authority, watch: Watch, *, interval: float) -> None:
        self._door = Door(log)
        self._authority = authority
        self._watch = watch
        self._interval = interval
        watch.expect_timestamps()

    async def run(self) -> None:
        """Until cancelled; then the log is not touched any more. Raises nothing else."""
        try:
            while True:
                done = await self.round()
                await asyncio.sleep(self._interval if done else min(RETRY, self._interval))
        finally:
            await on_own_thread(TIMESTAMPS, self._door.shut)

    async def round(self) -> bool:
        """Have the newest checkpoint stamped, unless it is. Raises nothing; False where it came to nothing."""
        return await on_own_thread(TIMESTAMPS, self._round)

    def _round(self) -> bool:
        try:
            head = self._newest()
            if head is not None:
                self._stamp(head)
        except CountersignError as error:
            self._watch.trouble(TIMESTAMPS, str(error))
            return False
        except Exception:  # noqa: BLE001 - a defect must not end the timestamps
            self._watch.defect(TIMESTAMPS)
            return False
        return True

    def _newest(self) -> Head | None:
        """The checkpoint to stamp; None if it is stamped, and in a process that may not write."""
        try:
            with self._door.writing() as connection:
                head, found = read_head(connection, lock=True), newest_stamped(connection)
        except CountersignError:
            return None
        return head if head.size > (found.size if found else 0) else None

    def _stamp(self, head: Head) -> None:
        token = self._authority.stamp(head.checkpoint)
        with self._door.writing() as connection:
            add_timestamp(connection, head, token)
        self._watch.stamped(head.size)

"""The upgrade of a log that release 0.1 wrote: every leaf, proof, filter and promise goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.errors import ConfigurationError, Conflict
from core.media import digest_of
from countersign.verify.receipt import verify_receipt
from server.audit import Filter, ReviewState
from server.audit.fsck import fsck
from server.audit.sql.schema import downgrade, upgrade
from tests.audit.making import VKEY, decision, now, opened, review
from tests.migrations.old_log import MASK, fill


async def test_an_old_log_goes_on_under_the_new_schema(bare_url: str) -> None:
    upgrade(bare_url, "0001")
    leaves = fill(bare_url, 700)
    upgrade(bare_url)
    async with opened(bare_url) as log:
        # 1. What was recorded is found as before, with its bytes, and by the filters of that release.
        old = await log.get("acme", f"{3:032x}")
        assert old.leaf == leaves[3]
        assert old.private == {}
        page = await log.list("acme", Filter(detector="copy_move", action=4), 5)
        assert [each.index for each in page.items] == [699, 687, 675, 663, 651]
        awaiting = await log.list("acme", Filter(state=ReviewState.AWAITING), 1000)
        assert len(awaiting.items) == sum(number % 4 == 2 for number in range(1, 700))
        assert (await log.list("acme", Filter(media_digest=digest_of(b"media 9")))).items[0].index == 9
        found = await log.evidence("acme", digest_of(MASK))
        assert found is not None
        assert found.data == MASK
        # 2. Its intents are still open, and its requests still recorded once.
        assert [each.index for each in await log.orphaned_intents(now() + timedelta(days=3650))] == [0]
        assert not (await log.append(decision(5))).fresh
        with pytest.raises(Conflict):
            await log.append(decision(6, request_digest="other"))
        # 3. Old entries have receipts and reviews, and new ones follow them.
        assert (await log.append(decision(1000))).index == 700
        assert (await log.perform(review(old))).index == 701
        parts = await log.receipt("acme", old.decision_id)
    receipt = parts.as_json()
    assert all(check.ok for check in verify_receipt(receipt, b"media 3", VKEY))
    assert fsck(bare_url, VKEY).damages == ()


async def test_a_log_with_entries_cannot_go_back(bare_url: str) -> None:
    upgrade(bare_url)
    async with opened(bare_url) as log:
        await log.append(decision(1))
    with pytest.raises((ConfigurationError, RuntimeError), match="cannot go back"):
        downgrade(bare_url, "0001")

"""The steps that staff take with a policy. Each that changes something is an entry of the log; the rest leaves none.

    check, test         what is wrong with a text, and whether it decides as its cases say
    propose             the text and its cases, on the record
    approve             a second person agrees
    activate            it decides, on all content or on a part; checked and tested anew here, at this moment
    roll_back           at once, without tests: what is taken back to has decided before

What a step depends on in the log is looked at in the transaction that records it (`server.audit.operations.policy`).
This module knows which checks come before. It does not know gRPC.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput, NotFound, PreconditionFailed
from core.media import digest_of
from policies.cases import Report, run_cases
from policies.engine import RulePolicy, find_problems, load_policy
from policies.problems import Problem
from server.audit import AuditLog, Recorded
from server.audit.entries.entry import OPERATOR
from server.audit.entries.policy import CASES_TYPE, WHOLE
from server.audit.operations import PolicyChange
from server.auth import Caller
from server.documents import POLICY_TYPE
from server.policy.following import Follower
from server.policy.loading import Loader, text_of
from server.policy.versions import Version, versions_of

POLICY, CASES = "policy", "cases"
"""What problems call the two documents."""
MAX_NAME = 128
"""Characters of a policy's id and version, which every step repeats."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for a step, under which id, and why."""

    caller: Caller
    request_id: str
    note: str = ""

    def change(self, step: str, **fields: Any) -> PolicyChange:
        """The operation. Ids of tenants do not meet, though the log of policies is one."""
        actor = f"{self.caller.tenant}/{self.caller.actor}"
        request_id = f"{self.caller.tenant}:{self.request_id}"
        return PolicyChange(step=step, actor=actor, request_id=request_id, note=self.note, **fields)


@dataclass(frozen=True, slots=True)
class Desk:
    """second_person: whether somebody other than its author has to approve a version.

    Reading a policy and trying its cases takes seconds where they are large, so both run beside the event loop.
    """

    log: AuditLog
    loader: Loader
    follower: Follower
    second_person: bool = True

    def check(self, text: str) -> list[Problem]:
        """Everything that keeps a policy from being used on this server."""
        return find_problems(text, POLICY, self.loader.sources)

    def test(self, text: str, cases: str) -> Report:
        """Whether the policy decides as its cases say."""
        return run_cases(text, cases, self.loader.sources, policy_name=POLICY, cases_name=CASES)

    async def test_version(self, asked: Asked, digest: str) -> Report:
        """`test` of a version on record; that its cases were run is recorded. NotFound if nobody proposed it."""
        version = await self.version(digest)
        report = await asyncio.to_thread(self.test, *await self.texts(version))
        await self.log.perform(asked.change("tested", digest=digest, tests=counts(report)))
        return report

    async def propose(self, asked: Asked, text: str, cases: str) -> Recorded:
        """Raises InvalidInput for a policy that cannot be used, naming the first problem."""
        policy = await asyncio.to_thread(self._checked, text)
        for name, value in (("id", policy.id), ("version", policy.version)):
            if len(value) > MAX_NAME:
                found = str(len(value))
                raise InvalidInput(f"the {name} is too long", field="text", limit=str(MAX_NAME), found=found)
        documents = [(POLICY_TYPE, policy.id, text), *([(CASES_TYPE, policy.id, cases)] if cases else [])]
        about = {"digest": digest_of(text.encode()), "name": policy.id, "version": policy.version}
        return await self.log.perform(asked.change("proposed", documents=documents, **about))

    async def approve(self, asked: Asked, digest: str) -> Recorded:
        """PreconditionFailed for the author of the version."""
        return await self.log.perform(asked.change("approved", digest=digest, second_person=self.second_person))

    async def activate(self, asked: Asked, digest: str, percent: int = WHOLE, seen: int | None = None) -> Recorded:
        """Let a version decide. seen: `Live.index` that the caller saw, None for what holds as this begins.

        PreconditionFailed unless it can be used here, its cases pass, and another than its author approved it; Stale
        where something else was activated meanwhile.
        """
        fields: dict[str, Any] = {"digest": digest, "percent": percent, "second_person": self.second_person}
        if (earlier := await self._repeated(asked.change("activated", **fields))) is not None:
            return earlier
        before = (await self.log.live_policy())[0].index if seen is None else seen
        tests = await self._usable(digest)
        recorded = await self.log.perform(asked.change("activated", seen=before, tests=tests, **fields))
        await self.follower.look()
        return recorded

    async def roll_back(self, asked: Asked, seen: int | None = None) -> Recorded:
        """Take back what is staged, or what decides. PreconditionFailed where what comes back cannot be used here."""
        if (earlier := await self._repeated(asked.change("rolled_back"))) is not None:
            return earlier
        live, _ = await self.log.live_policy()
        before = live.index if seen is None else seen
        if before == live.index:  # else the log refuses, and tells who changed it
            await self.loader.load(live.rolled_back().stable)
        recorded = await self.log.perform(asked.change("rolled_back", seen=before))
        await self.follower.look()
        return recorded

    async def versions(self) -> tuple[Version, ...]:
        """All, the one proposed last first."""
        return versions_of(await self.log.policy_steps(), (await self.log.live_policy())[0])

    async def version(self, digest: str) -> Version:
        """One. NotFound if nobody proposed it."""
        found = versions_of(await self.log.policy_steps(digest), (await self.log.live_policy())[0])
        if not found:
            raise NotFound(f"nobody has proposed a policy with the digest {digest!r:.80}")
        return found[0]

    async def texts(self, version: Version) -> tuple[str, str]:
        """A version's text, and its cases; "" where it has none."""
        return await text_of(self.log, version.digest), await text_of(self.log, version.cases) if version.cases else ""

    def _checked(self, text: str) -> RulePolicy:
        if problems := self.check(text):
            more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
            raise InvalidInput(f"{problems[0]}{more}", field="text")
        return load_policy(text, POLICY, self.loader.sources)

    async def _repeated(self, change: PolicyChange) -> Recorded | None:
        """The entry of the same request: it was carried out, whatever holds by now. Another request is a Conflict."""
        found = await self.log.find(OPERATOR, change.request_id, change.kind)
        return await self.log.perform(change) if found is not None else None

    async def _usable(self, digest: str) -> Mapping[str, int]:
        """How many cases passed, where all did and the version can be used here."""
        version = await self.version(digest)
        await self.loader.load(digest)
        if not version.cases:
            raise PreconditionFailed("the version has no test cases: propose it again together with some")
        report = await asyncio.to_thread(self.test, *await self.texts(version))
        if not report.ok:
            raise PreconditionFailed(f"the version does not pass its tests: {first_failure(report)}")
        return counts(report)


def counts(report: Report) -> dict[str, int]:
    """Of cases, for the record."""
    failed = len(report.failed)
    return {"passed": len(report.results) - failed, "failed": failed}


def first_failure(report: Report) -> str:
    """One sentence: what is wrong first, and how much more is."""
    found = [str(problem) for problem in report.problems]
    found += [f"{result.case.name}: {result.failures[0]}" for result in report.failed]
    found += [f"rule {gap.rule}: {gap.message}" for gap in report.gaps]
    found = found or ["there are no cases"]
    return found[0] + (f", and {len(found) - 1} more" if len(found) > 1 else "")

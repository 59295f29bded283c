"""PolicyService's methods that try a policy out: checked, tested, rehearsed, replayed. No decision comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from core.media import digest_of
from countersign.v1 import policy_pb2 as pb
from server import convert
from server.admission import ByteBudget
from server.edge import Context, Edge
from server.examination import Context as Use
from server.policy.backtest import Backtests, Wanted
from server.policy.desk import Asked, Desk
from server.policy.explaining import explain, policy_of
from server.policy.rehearsal import Rehearsal
from server.services.candidates import candidate_of, version_here
from server.services.uploads import oversize

SERVICE = "/countersign.v1.PolicyService"
SAMPLES = 5
"""Decisions that are named for each change where the caller does not say how many."""


class TrialMethods:
    """See `server.services.policy`."""

    _edge: Edge
    _desk: Desk
    _rehearsal: Rehearsal
    _backtests: Backtests
    _budget: ByteBudget

    async def CheckPolicy(  # noqa: N802 - the names are the RPCs'
        self, request: pb.CheckPolicyRequest, context: Context
    ) -> pb.CheckPolicyResponse:
        """What is wrong with a text."""
        async with self._edge.call(context, f"{SERVICE}/CheckPolicy", request):
            problems = await asyncio.to_thread(self._desk.check, request.text)
            digest = digest_of(request.text.encode())
            return pb.CheckPolicyResponse(problems=[convert.policy_problem(each) for each in problems], digest=digest)

    async def TestPolicy(self, request: pb.TestPolicyRequest, context: Context) -> pb.TestPolicyResponse:  # noqa: N802
        """Whether a policy decides as its cases say."""
        async with self._edge.call(context, f"{SERVICE}/TestPolicy", request) as caller:
            asked = request.candidate
            if asked.WhichOneof("candidate") == "digest":
                report = await self._desk.test_version(Asked(caller, request.request_id), asked.digest)
            else:
                report = await asyncio.to_thread(self._desk.test, asked.text, request.cases)
            return convert.policy_tests(report)

    async def DryRunPolicy(  # noqa: N802
        self, request: pb.DryRunPolicyRequest, context: Context
    ) -> pb.DryRunPolicyResponse:
        """A file under what decides now and under a candidate."""
        async with self._edge.call(context, f"{SERVICE}/DryRunPolicy", request) as caller:
            if error := oversize(len(request.media)):
                raise error
            candidate = await candidate_of(self._desk, request.candidate)
            use = Use("inbound", caller.tenant, request.context.surface, request.context.jurisdiction)
            with self._budget.hold(len(request.media)):
                seen = await self._rehearsal.run(request.media, use, candidate)
            return pb.DryRunPolicyResponse(
                live=convert.policy_outcome(seen.live),
                candidate=convert.policy_outcome(seen.candidate),
                media_digest=seen.media_digest,
                findings=convert.unrecorded_findings(seen.findings),
            )

    async def ExplainDecision(  # noqa: N802
        self, request: pb.ExplainDecisionRequest, context: Context
    ) -> pb.ExplainDecisionResponse:
        """Why a decision came out as it did."""
        async with self._edge.call(context, f"{SERVICE}/ExplainDecision", request) as caller:
            tenant = caller.reading(request.tenant)
            recorded = (await self._desk.log.history(tenant, request.decision_id)).decision
            policy = await version_here(self._desk, policy_of(recorded))
            explained = await asyncio.to_thread(explain, recorded, policy, self._desk.loader.sources)
            return convert.explained(recorded, explained)

    async def BacktestPolicy(  # noqa: N802
        self, request: pb.BacktestPolicyRequest, context: Context
    ) -> AsyncIterator[pb.BacktestPolicyResponse]:
        """A candidate over logged decisions: progress, then the result."""
        async with self._edge.call(context, f"{SERVICE}/BacktestPolicy", request) as caller:
            wanted = Wanted(
                tenants=tuple(caller.reading(each) for each in request.tenants or ("",)),
                since=convert.moment(request.since, "since") if request.HasField("since") else None,
                until=convert.moment(request.until, "until") if request.HasField("until") else None,
                as_of=convert.moment(request.as_of, "as_of") if request.HasField("as_of") else None,
                samples=request.samples or SAMPLES,
            )
            candidate = await candidate_of(self._desk, request.candidate)
            async for part in self._backtests.run(candidate, wanted, reader=caller.tenant):
                yield convert.backtest_part(part)

"""PolicyService's methods about versions: proposed, approved, activated, taken back, listed."""

from __future__ import annotations

import json

from countersign.v1 import policy_pb2 as pb
from server import convert
from server.audit import Recorded
from server.audit.entries.policy import WHOLE
from server.edge import Context, Edge
from server.policy.desk import Asked, Desk
from server.policy.versions import Version
from server.services.answers import Answers

SERVICE = "/countersign.v1.PolicyService"
VERSIONS = 100
"""That are listed where the caller does not say how many."""


class LifeMethods:
    """See `server.services.policy`."""

    _edge: Edge
    _answers: Answers
    _desk: Desk

    async def ProposePolicy(  # noqa: N802 - the names are the RPCs'
        self, request: pb.ProposePolicyRequest, context: Context
    ) -> pb.ProposePolicyResponse:
        """A text and its cases, on the record."""
        async with self._edge.call(context, f"{SERVICE}/ProposePolicy", request) as caller:
            asked = Asked(caller, request.request_id, request.note)
            recorded = await self._desk.propose(asked, request.text, request.cases)
            receipt = await self._answers.receipt(recorded)
            return pb.ProposePolicyResponse(version=await self._version(recorded), receipt=receipt)

    async def ApprovePolicy(  # noqa: N802
        self, request: pb.ApprovePolicyRequest, context: Context
    ) -> pb.ApprovePolicyResponse:
        """A second person agrees."""
        async with self._edge.call(context, f"{SERVICE}/ApprovePolicy", request) as caller:
            asked = Asked(caller, request.request_id, request.note)
            recorded = await self._desk.approve(asked, request.digest)
            receipt = await self._answers.receipt(recorded)
            return pb.ApprovePolicyResponse(version=await self._version(recorded), receipt=receipt)

    async def ActivatePolicy(  # noqa: N802
        self, request: pb.ActivatePolicyRequest, context: Context
    ) -> pb.ActivatePolicyResponse:
        """A version decides, here when this returns, and on the other servers a moment later."""
        async with self._edge.call(context, f"{SERVICE}/ActivatePolicy", request) as caller:
            asked = Asked(caller, request.request_id, request.note)
            seen = request.seen_index if request.HasField("seen_index") else None
            recorded = await self._desk.activate(asked, request.digest, request.percent or WHOLE, seen)
            return pb.ActivatePolicyResponse(
                version=await self._version(recorded),
                live=convert.live_policy((await self._desk.log.live_policy())[0]),
                receipt=await self._answers.receipt(recorded),
            )

    async def RollBackPolicy(  # noqa: N802
        self, request: pb.RollBackPolicyRequest, context: Context
    ) -> pb.RollBackPolicyResponse:
        """What decided before decides again."""
        async with self._edge.call(context, f"{SERVICE}/RollBackPolicy", request) as caller:
            asked = Asked(caller, request.request_id, request.note)
            seen = request.seen_index if request.HasField("seen_index") else None
            recorded = await self._desk.roll_back(asked, seen)
            return pb.RollBackPolicyResponse(
                version=await self._version(recorded),
                live=convert.live_policy((await self._desk.log.live_policy())[0]),
                receipt=await self._answers.receipt(recorded),
            )

    async def ListPolicies(  # noqa: N802
        self, request: pb.ListPoliciesRequest, context: Context
    ) -> pb.ListPoliciesResponse:
        """Versions, and what decides."""
        async with self._edge.call(context, f"{SERVICE}/ListPolicies", request):
            limit = request.limit or VERSIONS
            versions = await self._desk.versions()
            decides = self._desk.follower.policy
            return pb.ListPoliciesResponse(
                versions=[convert.policy_version(each) for each in versions[:limit]],
                live=convert.live_policy((await self._desk.log.live_policy())[0]),
                deciding_id=decides.id,
                deciding_digest=decides.digest,
                stale=self._desk.follower.stale,
                more=len(versions) > limit,
            )

    async def GetPolicy(self, request: pb.GetPolicyRequest, context: Context) -> pb.GetPolicyResponse:  # noqa: N802
        """One version with its texts."""
        async with self._edge.call(context, f"{SERVICE}/GetPolicy", request):
            version = await self._desk.version(request.digest)
            text, cases = await self._desk.texts(version)
            return pb.GetPolicyResponse(version=convert.policy_version(version, text, cases))

    async def _version(self, recorded: Recorded) -> pb.PolicyVersion:
        """The version that a step is about, as it stands now."""
        version: Version = await self._desk.version(json.loads(recorded.leaf)["policy"]["digest"])
        return convert.policy_version(version)

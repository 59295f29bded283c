"""The life of a policy: tried out, proposed, approved, activated, taken back.

A version is named by the digest of its text; where a candidate is asked for, a text that nobody proposed will do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

from countersign.clients.calls import NO_CONTEXT, Calls, new_id
from countersign.clients.filters import timestamp_of
from countersign.errors import CorruptAnswer
from countersign.uploads import Upload
from countersign.v1 import common_pb2
from countersign.v1 import policy_pb2 as pb
from countersign.v1.policy_pb2_grpc import PolicyServiceStub

BacktestProgress = Callable[[int, int], None]


def no_progress(done: int, total: int) -> None:
    """Reports to nobody."""


class PolicyCalls(Calls):
    """PolicyService. candidate: see `candidate_of`. note: for colleagues and auditors.

    seen_index: the `LivePolicy.log_index` that the caller saw; Stale if something else was activated since. None: as it
    is when the server begins.
    """

    @cached_property
    def _policies(self) -> PolicyServiceStub:
        return PolicyServiceStub(self._connection.channel)

    def check_policy(self, text: str) -> pb.CheckPolicyResponse:
        """Everything that keeps a policy from being used on the server; nothing is recorded."""
        request = pb.CheckPolicyRequest(request_id=new_id(), text=text)
        return self._connection.unary(self._policies.CheckPolicy, request, self._timeout)

    def test_policy(self, candidate: str, cases: str = "", *, request_id: str | None = None) -> pb.TestPolicyResponse:
        """Runs test cases: a version's own, which is recorded, or `cases` on a text."""
        request = pb.TestPolicyRequest(
            request_id=request_id or new_id(), candidate=candidate_of(candidate), cases=cases
        )
        return self._connection.unary(self._policies.TestPolicy, request, self._timeout)

    def dry_run_policy(
        self, candidate: str, media: bytes | Path, *, context: common_pb2.Context = NO_CONTEXT
    ) -> pb.DryRunPolicyResponse:
        """Decides on media of at most 32 MiB by what decides now and by a candidate; no decision is recorded."""
        request = pb.DryRunPolicyRequest(
            request_id=new_id(), candidate=candidate_of(candidate), media=Upload.of(media).read(), context=context
        )
        return self._connection.unary(self._policies.DryRunPolicy, request, self._timeout)

    def backtest_policy(
        self,
        candidate: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        as_of: datetime | None = None,
        tenants: Sequence[str] = (),
        samples: int = 0,
        progress: BacktestProgress = no_progress,
    ) -> pb.Backtest:
        """Decides again on what was decided; no model runs.

        since, until: with a time zone. as_of: the moment by which rules with a beginning and an end are judged; None
        for when each decision was made. tenants: none for the caller's own. progress: told how many are done, of how
        many.
        """
        request = pb.BacktestPolicyRequest(
            request_id=new_id(),
            candidate=candidate_of(candidate),
            since=timestamp_of(since, "since"),
            until=timestamp_of(until, "until"),
            as_of=timestamp_of(as_of, "as_of"),
            tenants=tenants,
            samples=samples,
        )
        return self._connection.stream(
            self._policies.BacktestPolicy, request, lambda parts: result_of(parts, progress), self._long_timeout
        )

    def propose_policy(
        self, text: str, cases: str = "", *, note: str = "", request_id: str | None = None
    ) -> pb.ProposePolicyResponse:
        """Puts a version and its test cases on the record."""
        request = pb.ProposePolicyRequest(request_id=request_id or new_id(), text=text, cases=cases, note=note)
        return self._connection.unary(self._policies.ProposePolicy, request, self._timeout)

    def approve_policy(self, digest: str, *, note: str = "", request_id: str | None = None) -> pb.ApprovePolicyResponse:
        """Agrees to a version that somebody else proposed."""
        request = pb.ApprovePolicyRequest(request_id=request_id or new_id(), digest=digest, note=note)
        return self._connection.unary(self._policies.ApprovePolicy, request, self._timeout)

    def activate_policy(
        self,
        digest: str,
        *,
        percent: int = 100,
        note: str = "",
        seen_index: int | None = None,
        request_id: str | None = None,
    ) -> pb.ActivatePolicyResponse:
        """Lets a version decide on so many percent of content."""
        request = pb.ActivatePolicyRequest(
            request_id=request_id or new_id(), digest=digest, percent=percent, note=note, seen_index=seen_index
        )
        return self._connection.unary(self._policies.ActivatePolicy, request, self._timeout)

    def roll_back_policy(
        self, *, note: str = "", seen_index: int | None = None, request_id: str | None = None
    ) -> pb.RollBackPolicyResponse:
        """Takes back what decides on a part of content; where nothing does, goes back to what decided before."""
        request = pb.RollBackPolicyRequest(request_id=request_id or new_id(), note=note, seen_index=seen_index)
        return self._connection.unary(self._policies.RollBackPolicy, request, self._timeout)

    def explain_decision(self, decision_id: str, *, tenant: str = "") -> pb.ExplainDecisionResponse:
        """Why a decision came out as it did, by the policy that made it. tenant: whose; "" for the caller's own."""
        request = pb.ExplainDecisionRequest(request_id=new_id(), decision_id=decision_id, tenant=tenant)
        return self._connection.unary(self._policies.ExplainDecision, request, self._timeout)

    def list_policies(self, limit: int = 0) -> pb.ListPoliciesResponse:
        """Versions, the one proposed last first, and what decides. limit: 0 leaves it to the server."""
        request = pb.ListPoliciesRequest(request_id=new_id(), limit=limit)
        return self._connection.unary(self._policies.ListPolicies, request, self._timeout)

    def get_policy(self, digest: str) -> pb.PolicyVersion:
        """One version with its texts."""
        request = pb.GetPolicyRequest(request_id=new_id(), digest=digest)
        return self._connection.unary(self._policies.GetPolicy, request, self._timeout).version


def candidate_of(candidate: str) -> pb.PolicyCandidate:
    """A version by its digest ("sha256:…", which no YAML document is), or a text."""
    named = candidate.startswith("sha256:") and "\n" not in candidate
    return pb.PolicyCandidate(digest=candidate) if named else pb.PolicyCandidate(text=candidate)


def result_of(parts: Iterator[pb.BacktestPolicyResponse], progress: BacktestProgress) -> pb.Backtest:
    """The result, which comes last. Raises CorruptAnswer where none came."""
    for part in parts:
        if part.HasField("result"):
            return part.result
        progress(part.progress.done, part.progress.total)
    raise CorruptAnswer("the backtest ended without a result", field="result")

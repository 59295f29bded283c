"""A step in the life of a policy: proposed, tested, approved by a second person, activated, rolled back.

Everything that a step depends on is looked at within the transaction that records it: who proposed, who approved, and
what decides at that moment. Of two activations at once, one comes second, and is told of the first.
Whether the text can be loaded and its tests pass was found out by the caller: the log knows no rules.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from core.errors import InvalidInput, NotFound, PreconditionFailed, Stale
from core.media import digest_of
from server.audit.entries.entry import OPERATOR, Draft, Entry, Kind, Recorded
from server.audit.entries.policy import WHOLE, Live, Step
from server.audit.operations.decisions import digest_of_request
from server.audit.reading.policies import live_policy, policy_steps
from server.audit.sql.documents import Document, keep
from server.audit.sql.statements import bulk_insert
from server.audit.sql.tables import postings
from server.audit.sql.terms import policy_terms

ANY = -2
"""In place of an index: whatever decides now."""


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """actor: whose credential it is, with its tenant. digest: of the version; "" to roll back.

    note: for colleagues and auditors; kept. documents: (mime, name, text) of a proposal: the policy, its cases.
    name, version: what the text calls itself, of a proposal. tests: how many cases passed and failed, where some were
    run. percent: of content, to activate. seen: `Live.index` that the actor saw, or ANY.
    second_person: whether somebody other than who proposed it has to approve.
    """

    step: str
    actor: str
    request_id: str
    digest: str = ""
    note: str = ""
    documents: Sequence[tuple[str, str, str]] = ()
    name: str = ""
    version: str = ""
    tests: Mapping[str, int] = field(default_factory=dict)
    percent: int = WHOLE
    seen: int = ANY
    second_person: bool = True

    @property
    def tenant(self) -> str:
        """The service's own: one policy decides for all tenants."""
        return OPERATOR

    @property
    def kind(self) -> Kind:
        """Of the entry."""
        return "policy"

    @property
    def request_digest(self) -> str:
        """Over what is asked for, not over what is found out about it meanwhile."""
        cases = digest_of(self.documents[1][2].encode()) if len(self.documents) > 1 else ""
        asked = (self.step, self.digest, cases, self.note, self.percent)
        return digest_of_request({"method": "policy", "asked": asked})

    def prepare(self, connection: Connection) -> Entry:
        """NotFound for a version that nobody proposed, Stale where something else decides than the actor saw,
        PreconditionFailed for a step that is not due or would change nothing.
        """
        described, live = _STEPS[Step(self.step)](self, connection)
        body: dict[str, Any] = {"policy": {"step": self.step, **described}}
        if self.tests:
            body["tests"] = dict(self.tests)
        if live is not None:
            body["live"] = live.as_json()
        return Entry(
            kind=self.kind,
            tenant=self.tenant,
            actor=self.actor,
            request_id=self.request_id,
            request_digest=self.request_digest,
            body=body,
            private={"note": self.note} if self.note else {},
        )

    def apply(self, connection: Connection, index: int, draft: Draft) -> None:
        """Its texts are kept, and it is found."""
        keep(connection, [Document(mime, name, text.encode()) for mime, name, text in self.documents])
        body = draft.entry.body
        found = policy_terms(OPERATOR, body["policy"]["digest"], moves="live" in body)
        bulk_insert(connection, postings, [(each, draft.recorded_at, index) for each in sorted(set(found))])


_Outcome = tuple[Mapping[str, str], Live | None]


def _propose(change: PolicyChange, _: Connection) -> _Outcome:
    texts = [digest_of(text.encode()) for _, _, text in change.documents]
    if not texts or texts[0] != change.digest:
        raise InvalidInput("a proposal comes with its text", field="text")
    cases = texts[1] if len(texts) > 1 else ""
    return {"id": change.name, "version": change.version, "digest": change.digest, "cases": cases}, None


def _test(change: PolicyChange, connection: Connection) -> _Outcome:
    return described(proposal_of(policy_steps(connection, change.digest), change.digest)), None


def _approve(change: PolicyChange, connection: Connection) -> _Outcome:
    proposal = proposal_of(policy_steps(connection, change.digest), change.digest)
    if change.second_person and author_of(proposal) == change.actor:
        raise PreconditionFailed(
            f"you proposed this version yourself, as {change.actor}: somebody with another token has to approve it "
            "(an operator who is alone sets `second_person = false` in [server.policy])"
        )
    return described(proposal), None


def _activate(change: PolicyChange, connection: Connection) -> _Outcome:
    live = _live_as_seen(change, connection)
    steps = policy_steps(connection, change.digest)
    proposal = proposal_of(steps, change.digest)
    if change.second_person and not approved_by_another(steps, proposal):
        raise PreconditionFailed(
            "nobody else has approved this version since it was proposed: a second person has to, with `policy approve`"
        )
    return described(proposal), live.activated(change.digest, change.percent)


def _roll_back(change: PolicyChange, connection: Connection) -> _Outcome:
    live = _live_as_seen(change, connection)
    back = live.rolled_back()
    given_up = live.staged or live.stable
    return described(proposal_of(policy_steps(connection, given_up), given_up)), back


_STEPS: Mapping[Step, Callable[[PolicyChange, Connection], _Outcome]] = {
    Step.PROPOSED: _propose,
    Step.TESTED: _test,
    Step.APPROVED: _approve,
    Step.ACTIVATED: _activate,
    Step.ROLLED_BACK: _roll_back,
}


def _live_as_seen(change: PolicyChange, connection: Connection) -> Live:
    """What decides. Stale, with who changed it, where that is not what the actor saw."""
    live, recorded = live_policy(connection)
    if change.seen in (ANY, live.index):
        return live
    raise Stale(f"what decides has changed since you looked: {told(recorded)}")


def told(recorded: Recorded | None) -> str:
    """A step, in words: who did what, when, and where that is recorded."""
    if recorded is None:
        return "no policy was ever activated"
    about = json.loads(recorded.leaf)["policy"]
    actor = recorded.private.get("actor")
    done = "rolled back" if about["step"] == Step.ROLLED_BACK else "activated"
    when = recorded.recorded_at.strftime("%Y-%m-%d %H:%M:%S UTC")
    who = actor.value if actor else "somebody"
    return f"{who} {done} {about['id']} {about['version']} ({about['digest'][:19]}…) at {when}, entry {recorded.index}"


def proposal_of(steps: Sequence[Recorded], digest: str) -> Recorded:
    """The latest proposal of a version among its steps; NotFound if there is none."""
    for recorded in reversed(steps):
        if json.loads(recorded.leaf)["policy"]["step"] == Step.PROPOSED:
            return recorded
    raise NotFound(f"nobody has proposed a policy with the digest {digest!r:.80}")


def author_of(proposal: Recorded) -> str:
    """Whose credential proposed. PreconditionFailed where that was erased: anybody might be the author."""
    author = proposal.private.get("actor")
    if author is None:
        raise PreconditionFailed("who proposed this version is no longer on record: it has to be proposed again")
    return str(author.value)


def approved_by_another(steps: Sequence[Recorded], proposal: Recorded) -> bool:
    """Whether somebody approved since the latest proposal who is on record as another than its author.

    What a server demanded when the approval was recorded does not count: it may have needed no second person.
    PreconditionFailed as `author_of`.
    """
    author = author_of(proposal)
    later = (each for each in steps if each.index > proposal.index)
    approvals = (each for each in later if json.loads(each.leaf)["policy"]["step"] == Step.APPROVED)
    approvers = (each.private.get("actor") for each in approvals)
    return any(approver is not None and approver.value != author for approver in approvers)


def described(proposal: Recorded) -> Mapping[str, str]:
    """What a proposal says of its version, for the leaf of a later step."""
    about = json.loads(proposal.leaf)["policy"]
    return {name: about[name] for name in ("id", "version", "digest", "cases")}

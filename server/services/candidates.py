"""A candidate policy of a request: a version on record, or a text."""

from __future__ import annotations

import asyncio

from core.errors import ConfigurationError, InvalidInput
from countersign.v1 import policy_pb2 as pb
from policies.engine import RulePolicy, load_policy
from server.policy.desk import POLICY, Desk
from server.policy.loading import compiled, text_of


async def candidate_of(desk: Desk, asked: pb.PolicyCandidate) -> RulePolicy:
    """The policy, compiled against this server's signals.

    Raises InvalidInput for a text that cannot be used, NotFound for a version that nobody proposed, PreconditionFailed
    for one that cannot be used here.
    """
    if asked.WhichOneof("candidate") == "digest":
        await desk.version(asked.digest)
        return await version_here(desk, asked.digest)
    try:
        return await asyncio.to_thread(load_policy, asked.text, POLICY, desk.loader.sources)
    except ConfigurationError as error:
        raise InvalidInput(str(error), field="candidate.text") from error


async def version_here(desk: Desk, digest: str) -> RulePolicy:
    """A policy that the log holds the text of. PreconditionFailed where it does not, or it cannot be used here."""
    return await asyncio.to_thread(compiled, await text_of(desk.log, digest), POLICY, desk.loader.sources)

"""The second look `contradictions`: whether what a file says of itself fits together, and fits what was found in it.

Credentials, metadata and watermarks are three witnesses that know nothing of each other. Each may be wrong or forged,
and where two of them cannot both be right a person has to look. Which of them lies is not concluded here.
"""

from __future__ import annotations

from core.credential import CredentialState
from core.media import Kind
from detectors.base import Verdict, abstention, finding_of
from detectors.single import version_of
from server.conclusions import Concluded, Seen
from server.provenance.contradiction_rules import RULES, Known
from server.provenance.story import story_of

REVISION = 1
CODE = "contradiction."
# Credentials in these states are there, and what they say cannot be known or is not what anybody signed.
UNTOLD = frozenset({CredentialState.INVALID, CredentialState.UNPARSEABLE, CredentialState.REMOTE_NOT_FETCHED})


class Contradictions:
    """A `server.conclusions.Conclusion`. Asks nobody and keeps nothing."""

    name = "contradictions"
    label = "contradiction"
    kinds = frozenset(Kind)
    summary = "Lays credentials, metadata and watermarks beside each other and names what cannot all be true."
    limits = (
        "Compares what is there: a file without credentials has little to contradict, and a forger who makes all "
        "witnesses agree is not seen. It does not say which of them is wrong; an edit counts as unexplained only where "
        "the whole history is told, and rests on a detector that has false positives."
    )

    def __init__(self) -> None:
        self.version = version_of(REVISION, [(rule.name, rule.words) for rule in RULES])

    async def conclude(self, seen: Seen) -> Concluded:
        """DETECTED with one code for each contradiction; ABSTAINED where none was found and not all could be judged."""
        known = known_of(seen)
        judged = [(rule, rule.judge(known)) for rule in RULES]
        found = [rule for rule, judgement in judged if judgement]
        if found:
            codes = [CODE + rule.name for rule in found]
            return Concluded(finding_of(self, Verdict.DETECTED, " ".join(rule.words for rule in found), codes))
        if any(judgement is None for _, judgement in judged):
            why = "Nothing was found to contradict, but not all that would have to be compared could be read."
            return Concluded(abstention(self, why))
        return Concluded(
            finding_of(self, Verdict.NOT_DETECTED, "Nothing that the file says contradicts anything else.")
        )


def known_of(seen: Seen) -> Known:
    """What the witnesses say."""
    told = seen.credential.state not in UNTOLD
    chain = seen.credential.chain if told else None
    return Known(
        chain=chain,
        story=story_of(chain) if chain else None,
        told=told,
        tags=seen.media.view("tags"),
        findings=seen.findings,
    )

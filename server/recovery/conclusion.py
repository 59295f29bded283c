"""`recovery`: was this file signed here, and did it lose its credentials since? A second look (`server.conclusions`).

What the finding says and what the credential becomes:

    sure or likely, manifest trusted         DETECTED      RECOVERED_SOFT_BINDING, with what the manifest says
    sure or likely, manifest not trusted     DETECTED      KNOWN_STRIPPED, with its codes and nothing that it says
    … and the file has an unreadable one     DETECTED      as it was: that somebody put it there is not forgotten
    it may as well be the upload before      ABSTAINED     as it was
    the file has credentials that hold       NOT_DETECTED  as they were; nothing is looked up
    it has some that do not match it         NOT_DETECTED  as they were; recovery.altered where the content is ours

Only uploads are looked at, those that are to be improved among them, or else an order would give a stripped file new
credentials. What is made here has none yet because it is about to get them.
"""

from __future__ import annotations

from typing import Any

from core.credential import Credential, CredentialState
from core.media import Kind
from detectors.base import Finding, Verdict, finding_of
from detectors.fingerprints import LEAST_QUALITY, NEAR, TILTS
from detectors.single import version_of
from detectors.sketch import AGREES, CALIBRATION
from policies.base import Stage
from server.conclusions import Concluded, Seen
from server.recovery.match import Certainty, Found, Match
from server.recovery.recovery import Recovery

STRIPPED, ALTERED = "recovery.stripped", "recovery.altered"
AMBIGUOUS, UNCONFIRMED = "recovery.source_or_copy", "recovery.watermark.unconfirmed"
BY = "recovery.by."
_LOOKED_UP = frozenset(
    {
        CredentialState.NONE,
        CredentialState.UNPARSEABLE,
        CredentialState.REMOTE_NOT_FETCHED,
        CredentialState.INVALID,
    }
)
_WORDS = {
    Certainty.SURE: "This file was signed here, for sure",
    Certainty.LIKELY: "This file was very likely signed here",
    Certainty.AMBIGUOUS: "This file looks like one that was signed here, or like the upload that one was made from",
}


class RecoverySource:
    """What policies and lists of models know of it."""

    name = "recovery"
    label = "known_stripped"
    kinds = frozenset((Kind.IMAGE, Kind.VIDEO))
    summary = "Recognises files that were signed here and lost their credentials, and finds the credentials again."
    limits = (
        "Knows only what this service signed and still keeps. Without a watermark, crops are not recognised, and a "
        "copy of something made from an upload cannot be told from that upload. Recognised does not mean unaltered."
    )
    version = version_of(1, [NEAR, AGREES, LEAST_QUALITY, list(TILTS), CALIBRATION.digest])


class RecoveryConclusion(RecoverySource):
    """The second look."""

    def __init__(self, recovery: Recovery) -> None:
        self._recovery = recovery

    async def conclude(self, seen: Seen) -> Concluded:
        """What the log knows about the file. Raises Unavailable while it cannot answer."""
        if seen.direction != "inbound" and seen.stage != Stage.UPLOAD:
            return Concluded(self._finding(Verdict.NOT_DETECTED, "Nothing that is made here was looked up."))
        if seen.credential.state not in _LOOKED_UP:
            return Concluded(
                self._finding(Verdict.NOT_DETECTED, "The file has its credentials; nothing was looked up.")
            )
        found = await self._recovery.find(seen.media, seen.findings)
        codes: tuple[str, ...] = (UNCONFIRMED,) if found.unconfirmed else ()
        if not found.matches:
            return Concluded(self._finding(Verdict.NOT_DETECTED, _nothing(found), codes))
        best = found.matches[0]
        codes += tuple(BY + kind for kind in best.kinds)
        if seen.credential.state is CredentialState.INVALID:
            why = f"{_WORDS[best.certainty]}, but the credentials that it carries do not match it."
            altered = (ALTERED,) if best.certainty is not Certainty.AMBIGUOUS else (AMBIGUOUS,)
            return Concluded(self._finding(Verdict.NOT_DETECTED, why, (*codes, *altered), best))
        if best.certainty is Certainty.AMBIGUOUS:
            return Concluded(self._finding(Verdict.ABSTAINED, _explained(best), (*codes, AMBIGUOUS)))
        credential = await self._recovery.judged(best)
        finding = self._finding(Verdict.DETECTED, _explained(best, credential), (*codes, STRIPPED), best)
        return Concluded(finding, None if seen.credential.state is CredentialState.UNPARSEABLE else credential)

    def _finding(
        self, verdict: Verdict, explanation: str, codes: tuple[str, ...] = (), match: Match | None = None
    ) -> Finding:
        """With how sure the match is, where there is one."""
        if match is None:
            return finding_of(self, verdict, explanation, codes)
        probability, ratio = match.confidence
        sure: dict[str, Any] = {"probability": probability, "log10_lr": ratio, "calibration": CALIBRATION.digest}
        return finding_of(self, verdict, explanation, codes, **sure)


def _nothing(found: Found) -> str:
    if found.unconfirmed:
        return (
            "It carries the watermark of something that was signed here, but does not show that: the mark was copied."
        )
    return "Nothing that was signed here looks like it."


def _explained(match: Match, credential: Credential | None = None) -> str:
    """In words: how sure, and by what."""
    seen = {
        "pixels": "its pixels are the same",
        "watermark": "it carries the watermark",
        "pdq": f"its PDQ code differs in {match.distances.get('pdq')} of 256 bits",
        "iscc": f"its ISCC code differs in {match.distances.get('iscc')} of 256 bits",
        "sketch": f"it agrees with the sketch to {match.likeness:.2f}",
    }
    words = f"{_WORDS[match.certainty]}: {', '.join(seen[kind] for kind in match.kinds)}."
    if credential is None:
        return words
    if credential.state is CredentialState.RECOVERED_SOFT_BINDING:
        return f"{words} It lost its credentials; they were found again and their signature is trusted."
    return f"{words} It lost its credentials; those that are kept cannot be trusted any more."

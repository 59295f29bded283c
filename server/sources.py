"""Whatever findings come from, as policies know it: what a policy is checked against where no server runs."""

from __future__ import annotations

from detectors.base import Source
from detectors.catalog import build
from detectors.hash_list import HashList
from detectors.nsfw.detector import NsfwSource
from server.provenance.contradictions import Contradictions
from server.recovery.conclusion import RecoverySource


def all_sources() -> tuple[Source, ...]:
    """Every detector and second look of this release, also `nsfw`, which a server has only where it is configured.

    What is on the list of known content makes no difference.
    """
    return (*build(HashList()), NsfwSource(), RecoverySource(), Contradictions())

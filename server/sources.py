"""Whatever findings come from, as policies know it: what a policy is checked against where no server runs."""

from __future__ import annotations

from collections.abc import Sequence

from detectors.base import Source
from detectors.catalog import build
from detectors.hash_list import HashList
from detectors.near.detector import NearSource
from detectors.nsfw.detector import NsfwSource
from detectors.own.source import OwnSource
from server.own_detectors import OwnDetector
from server.provenance.contradictions import Contradictions
from server.recovery.conclusion import RecoverySource


def all_sources(brought: Sequence[OwnDetector] = ()) -> tuple[Source, ...]:
    """Every detector and second look of this release, also `nsfw` and `near_duplicate`, which a server has only where
    they are configured.

    What is on the list of known content makes no difference. brought: the operator's own detectors, which are not
    loaded for it.
    """
    own = (OwnSource(each.on("auto")) for each in brought)
    return (*build(HashList()), NearSource(), NsfwSource(), *own, RecoverySource(), Contradictions())

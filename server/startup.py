"""The steps of a start, one function each: log, identity, sandbox, lists. `server.assembly` calls them in order.

What fails raises ConfigurationError naming the setting or the file. What is unsafe but allowed is warned of by name.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import cv2
import structlog

import detectors.catalog
from core.limits import Limits
from core.parsers.catalog import PARSERS
from core.registry import Registry
from core.sandbox import Sandbox
from detectors.base import Detector, Source
from detectors.hash_list import HashList
from detectors.known_hash import KnownHashDetector
from detectors.nsfw.detector import Manner, NsfwDetector, read_calibration
from generators import catalog
from generators.base import Generator
from policies.base import Policy
from server import provenance
from server.audit import AuditLog
from server.audit.sql import schema
from server.audit.tree import keys
from server.audit.tree.generations import read_standing
from server.background import keep_running
from server.config import Settings
from server.examination import CREDENTIALS
from server.known import KnownContent, NearContent, Stamp, detector_of, near_detector_of, stamp_of
from server.metrics import Metrics
from server.provenance import Provenance
from server.signing import imprint_of, signing_identity, stamper_of, trust_of, watch_expiry


def limit_library_threads() -> None:
    """One thread a call inside OpenCV: the engine's lanes are the parallelism of detectors.

    PyTorch's threads are the engine's business, lane by lane.
    """
    cv2.setNumThreads(1)


def import_ahead() -> None:
    """Imports what `detectors.manipulation.network` is made of, which by itself does so when the first picture comes.

    That takes seconds, for which the first upload after a start would wait; checking a policy needs none of it.
    """
    importlib.import_module("diffusers.models.unets.unet_2d")


async def open_log(settings: Settings, stack: AsyncExitStack) -> AuditLog:
    """The audit log, its schema brought up to date on the embedded default, its key made on first start."""
    await asyncio.to_thread(schema.upgrade, settings.url)
    # Asked before a key is made: a log that has one already MUST NOT be given another.
    standing = await asyncio.to_thread(read_standing, settings.url)
    signer = await asyncio.to_thread(keys.load_or_create, settings.data_dir, settings.origin, standing)
    log = await AuditLog.open(settings.url, signer, settings.origin, mark_dir=settings.data_dir)
    stack.push_async_callback(log.close)
    # Nothing runs here yet: whatever was meant to be made and has no decision was cut short, or another server of this
    # log is still at it.
    if orphans := await log.orphaned_intents(datetime.now(UTC)):
        words = "intents without a decision: cut short by a crash, unless another server is at it"
        structlog.get_logger("countersign").warning(words, log_indexes=[intent.index for intent in orphans])
    return log


async def open_provenance(
    settings: Settings, limits: Limits, metrics: Metrics, stack: AsyncExitStack
) -> tuple[Sandbox, Provenance]:
    """The sandbox with all parsers, and the credentials that are read and signed through it, tried out once."""
    identity = await asyncio.to_thread(signing_identity, settings)
    trust = await asyncio.to_thread(trust_of, settings, identity)
    stamper = stamper_of(settings, trust, metrics)
    metrics.certificate_expires(identity.not_after)
    sandbox = await Sandbox.start(
        {**PARSERS, **detectors.catalog.PARSERS, **provenance.PARSERS},
        limits,
        settings.parsers,
        options={CREDENTIALS: trust.options()},
    )
    stack.push_async_callback(sandbox.close)
    credentials = Provenance(sandbox, identity, trust, imprint_of(settings), stamper)
    await credentials.self_test()
    if stamper is not None:
        await asyncio.to_thread(stamper.try_out)
    keep_running("certificate", watch_expiry(identity), stack)
    return sandbox, credentials


def second_person(settings: Settings) -> bool:
    """Whether a policy needs the approval of a second person; without, the log warns loudly."""
    if not settings.policy.second_person:
        words = "NO SECOND PERSON: whoever may propose a policy and activate it can change every decision alone"
        structlog.get_logger("countersign").warning(words, setting="policy.second_person")
    return settings.policy.second_person


def known_content(settings: Settings) -> tuple[KnownContent, Stamp | None]:
    """The list of known content, and when its file was read.

    An empty one, on which the detector abstains, where none was named or made yet.
    """
    stamp = stamp_of(settings.known_content)
    if settings.hash_list or stamp:
        return KnownContent(detector_of(settings.known_content)), stamp
    return KnownContent(KnownHashDetector(HashList())), None


def near_duplicates(settings: Settings) -> tuple[NearContent, Path, Stamp | None] | None:
    """The list of near duplicates, its file, and when that was read; None where no setting names it.

    Raises ConfigurationError for a file that is not there or cannot be read, and where FAISS is not installed.
    """
    path = settings.detectors.near_list
    if path is None:
        return None
    stamp = stamp_of(path)
    return NearContent(near_detector_of(path)), path, stamp


def optional_detectors(settings: Settings) -> tuple[Detector, ...]:
    """Those that are configured. Raises ConfigurationError where what they need is not installed."""
    brought = brought_detectors(settings)
    if settings.nsfw is None:
        return brought
    file = settings.nsfw.calibration
    manner = Manner(settings.nsfw.evidence, read_calibration(file) if file else None)
    return (NsfwDetector.load(manner), *brought)


def brought_detectors(settings: Settings) -> tuple[Detector, ...]:
    """The operator's own. Raises as `detectors.own.loading.load`. One without a calibration is warned of by name."""
    if not settings.classifiers:
        return ()
    from detectors.own.loading import load  # its libraries take seconds to import

    for each in settings.classifiers:
        if each.calibration is None:
            words = "UNCALIBRATED DETECTOR: nobody measured how often its limits are wrong"
            structlog.get_logger("countersign").warning(words, detector=each.name)
    return tuple(load(each.on(settings.device)) for each in settings.classifiers)


def makers_of(settings: Settings) -> Registry[Generator]:
    """The generators: those that are shipped, and the operator's own. What runs unpinned is warned of by name."""
    for model in settings.models:
        if model.unpinned:
            words = "UNPINNED MODEL: it runs whatever lies in its folder, and nobody can tell later what that was"
            structlog.get_logger("countersign").warning(words, model=model.name)
    brought = [model.on(settings.device) for model in settings.models]
    return catalog.build(catalog.WEIGHTS, settings.device, brought=brought)


def announce(policy: Policy, models: Iterable[Source | Generator]) -> None:
    """Says in the log what runs: the digests of everything that decides and makes (after boulder's policy loader)."""
    log = structlog.get_logger("countersign")
    log.info("policy", id=policy.id, digest=policy.digest)
    for model in models:
        log.info("model", name=model.name, version=model.version)

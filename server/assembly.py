"""What the services are made of, built in the order in which one part needs another. `server.app` puts it on the air.

What can be wrong with settings, keys, policy, weights, sandbox, trust and the log's durability is found here, before
anything listens; what fails names the setting or the file.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

import detectors.catalog
from core.devices import pick_device
from core.limits import Limits
from core.sandbox import Sandbox
from detectors.base import Source
from policies.files import DEFAULT_PACK, load_policy_file
from server.admission import ByteBudget, Room
from server.audit import AuditLog
from server.audit.export import DsaMapping, read_mapping
from server.audit.privacy.erasure import Aftercare
from server.audit.privacy.scrub import scrubber
from server.background import keep_running
from server.conclusions import Conclusion, Conclusions
from server.config import Settings
from server.documents import Register, policy_text
from server.edge import Edge
from server.engine.local import LocalEngine
from server.examination import Examiner
from server.finishing.finisher import Finisher
from server.finishing.marks import marks_for
from server.finishing.watermarks import TileWatermarks
from server.known import NEAR, KnownFollower
from server.metrics import Metrics
from server.outputs import OutputStore
from server.pipeline import Pipeline
from server.policy.backtest import Backtests
from server.policy.desk import Desk
from server.policy.following import Follower
from server.policy.loading import Loader
from server.policy.rehearsal import Rehearsal
from server.provenance.contradictions import Contradictions
from server.recorder import Recorder
from server.recovery.conclusion import RecoveryConclusion
from server.recovery.recovery import Recovery
from server.recovery.resolution import Resolution
from server.services import Parts
from server.services.files import Files
from server.services.following import Followers
from server.startup import (
    announce,
    import_ahead,
    known_content,
    limit_library_threads,
    makers_of,
    near_duplicates,
    open_log,
    open_provenance,
    optional_detectors,
    second_person,
)

BESIDE_THE_BATCH = 1
"""Orders that are examined or finished while a whole batch is made."""


async def assemble(settings: Settings, edge: Edge, metrics: Metrics, stack: AsyncExitStack) -> Parts:
    """All parts. Whatever has to be closed is on the stack. Raises ConfigurationError."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    limit_library_threads()
    log = await open_log(settings, stack)
    known, seen = known_content(settings)
    again, tower = settings.detectors.redeliveries, detectors.catalog.tower_of()
    near = await asyncio.to_thread(near_duplicates, settings)
    more = (*((near[0],) if near else ()), *optional_detectors(settings))
    models = detectors.catalog.build(known, more, tower, redeliveries=again)
    makers = makers_of(settings)
    limits = Limits(**settings.limits.model_dump())
    # Beside the start of the sandbox, which is waiting for other processes.
    (sandbox, credentials), _ = await asyncio.gather(
        open_provenance(settings, limits, metrics, stack), asyncio.to_thread(import_ahead)
    )
    recovery = Recovery(log.durable, credentials.stores)
    # What was recovered may contradict the rest as well, so it comes first.
    second_looks: tuple[Conclusion, ...] = (RecoveryConclusion(recovery), Contradictions())
    sources = (*models, *second_looks)
    mapping = read_mapping(settings.dsa_mapping) if settings.dsa_mapping else DsaMapping()
    engine = LocalEngine(
        models,
        metrics,
        threads=settings.threads,
        max_pending=settings.max_pending,
        max_batch=settings.making.max_batch,
        batch_window=settings.making.batch_window,
    )
    stack.push_async_callback(engine.close)
    views = {view for model in models for view in model.views} | {"tags"}
    loader = policy_loader(settings, log, sources, Register(log, sources, makers, credentials.trust_text))
    follower = await Follower.start(log, loader, metrics)
    policy = follower.policy
    following = KnownFollower(settings.known_content, known, follower, metrics, seen)
    keep_running("known content", following.run(), stack)
    if near is not None:
        content, path, at = near
        keep_running("near duplicates", KnownFollower(path, content, follower, metrics, at, NEAR).run(), stack)
    examiner = Examiner(sandbox, engine, credentials, Conclusions(second_looks, metrics), policy, views)
    outputs = OutputStore(settings.data_dir / "outputs")
    screening = Room(settings.in_flight, settings.max_pending)
    pipeline = Pipeline(
        examiner,
        engine,
        credentials,
        Recorder(log, metrics, policy.made_with),
        await open_finisher(settings, sandbox, metrics),
        outputs,
        screening=screening,
        making=Room(settings.making.max_batch + BESIDE_THE_BATCH, settings.max_pending),
        previews=settings.making.previews,
    )
    # Before anything is asked: a first look-up that waited for a million codes would miss its deadline.
    await recovery.memory.catch_up()
    announce(policy, [*sources, *makers])
    return Parts(
        edge=edge,
        pipeline=pipeline,
        examiner=examiner,
        log=log,
        limits=limits,
        budget=ByteBudget(settings.max_upload_bytes),
        detectors=sources,
        generators=makers,
        resolution=Resolution(recovery, log.durable, credentials.stores),
        followers=Followers(),
        files=Files(log, mapping),
        aftercare=Aftercare(outputs.forget, scrubber(settings.url)),
        desk=Desk(log, loader, follower, second_person=second_person(settings)),
        rehearsal=Rehearsal(examiner, policy, screening),
        backtests=Backtests(log, sources),
    )


def policy_loader(settings: Settings, log: AuditLog, sources: tuple[Source, ...], register: Register) -> Loader:
    """What loads policies that are activated while the server runs; it begins with the configured one."""
    file = settings.policy.file or DEFAULT_PACK
    base = load_policy_file(file, sources)
    return Loader(log, register, sources, base, policy_text(base, file))


async def open_finisher(settings: Settings, sandbox: Sandbox, metrics: Metrics) -> Finisher:
    """What puts watermark, label and declaration into outputs."""
    watermarks = await asyncio.to_thread(TileWatermarks.load, str(pick_device(settings.device)))
    return Finisher(sandbox, watermarks, partial(marks_for, settings=settings), metrics, settings.watermark)

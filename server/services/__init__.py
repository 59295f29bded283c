"""The gRPC services: each turns a request into a value, asks the pipeline or the log, and turns the answer back."""

from __future__ import annotations

from dataclasses import dataclass

import grpc.aio

from core.limits import Limits
from core.registry import Registry
from countersign.v1 import (
    audit_pb2_grpc,
    generation_pb2_grpc,
    model_pb2_grpc,
    policy_pb2_grpc,
    privacy_pb2_grpc,
    provenance_pb2_grpc,
    review_pb2_grpc,
    screening_pb2_grpc,
    softbinding_pb2_grpc,
)
from detectors.base import Source
from generators.base import Generator
from server.admission import ByteBudget
from server.audit import AuditLog
from server.audit.privacy.erasure import Aftercare
from server.edge import Edge
from server.examination import Examiner
from server.pipeline import Pipeline
from server.policy.backtest import Backtests
from server.policy.desk import Desk
from server.policy.rehearsal import Rehearsal
from server.recovery.resolution import Resolution
from server.services.answers import Answers
from server.services.audit import AuditService
from server.services.files import Files
from server.services.following import Followers
from server.services.generation import GenerationService
from server.services.models import ModelService
from server.services.policy import PolicyService
from server.services.privacy import PrivacyService
from server.services.provenance import ProvenanceService
from server.services.review import ReviewService
from server.services.screening import ScreeningService
from server.services.soft_bindings import SoftBindingService


@dataclass(frozen=True, slots=True)
class Parts:
    """What the services are made of. limits: of media. budget: for the bytes of uploads."""

    edge: Edge
    pipeline: Pipeline
    examiner: Examiner
    log: AuditLog
    resolution: Resolution
    limits: Limits
    budget: ByteBudget
    detectors: tuple[Source, ...]
    generators: Registry[Generator]
    followers: Followers
    files: Files
    aftercare: Aftercare
    desk: Desk
    rehearsal: Rehearsal
    backtests: Backtests


def register(server: grpc.aio.Server, parts: Parts) -> None:
    """Adds every service to the server."""
    edge, log, answers = parts.edge, parts.log, Answers(parts.log)
    screening = ScreeningService(edge, parts.pipeline, answers, parts.limits, parts.budget)
    generation = GenerationService(edge, parts.pipeline, answers, parts.generators, parts.budget)
    audit = AuditService(edge, log, answers, parts.followers, parts.files)
    screening_pb2_grpc.add_ScreeningServiceServicer_to_server(screening, server)
    generation_pb2_grpc.add_GenerationServiceServicer_to_server(generation, server)
    provenance = ProvenanceService(edge, parts.examiner, parts.budget)
    provenance_pb2_grpc.add_ProvenanceServiceServicer_to_server(provenance, server)
    bindings = SoftBindingService(edge, parts.examiner, parts.resolution, parts.budget)
    softbinding_pb2_grpc.add_SoftBindingServiceServicer_to_server(bindings, server)
    audit_pb2_grpc.add_AuditServiceServicer_to_server(audit, server)
    review_pb2_grpc.add_ReviewServiceServicer_to_server(ReviewService(edge, log, answers), server)
    privacy = PrivacyService(edge, log, answers, parts.aftercare)
    privacy_pb2_grpc.add_PrivacyServiceServicer_to_server(privacy, server)
    policies = PolicyService(edge, answers, parts.desk, parts.rehearsal, parts.backtests, parts.budget)
    policy_pb2_grpc.add_PolicyServiceServicer_to_server(policies, server)
    models = ModelService(edge, parts.detectors, parts.generators)
    model_pb2_grpc.add_ModelServiceServicer_to_server(models, server)

"""The gRPC services: each turns a request into a value, asks the pipeline or the log, and turns the answer back."""

from __future__ import annotations

import grpc.aio

from core.limits import Limits
from core.registry import Registry
from countersign.v1 import (
    audit_pb2_grpc,
    generation_pb2_grpc,
    model_pb2_grpc,
    provenance_pb2_grpc,
    review_pb2_grpc,
    screening_pb2_grpc,
)
from detectors.base import Detector
from generators.base import Generator
from server.admission import ByteBudget
from server.audit import AuditLog
from server.edge import Edge
from server.examination import Examiner
from server.pipeline import Pipeline
from server.services.answers import Answers
from server.services.audit import AuditService
from server.services.following import Followers
from server.services.generation import GenerationService
from server.services.models import ModelService
from server.services.provenance import ProvenanceService
from server.services.review import ReviewService
from server.services.screening import ScreeningService


def register(
    server: grpc.aio.Server,
    edge: Edge,
    pipeline: Pipeline,
    examiner: Examiner,
    log: AuditLog,
    limits: Limits,
    budget: ByteBudget,
    detectors: Registry[Detector],
    generators: Registry[Generator],
    followers: Followers,
) -> None:
    """Adds every service to the server."""
    answers = Answers(log)
    screening_pb2_grpc.add_ScreeningServiceServicer_to_server(
        ScreeningService(edge, pipeline, answers, limits, budget), server
    )
    generation_pb2_grpc.add_GenerationServiceServicer_to_server(
        GenerationService(edge, pipeline, answers, generators, budget), server
    )
    provenance_pb2_grpc.add_ProvenanceServiceServicer_to_server(ProvenanceService(edge, examiner, budget), server)
    audit_pb2_grpc.add_AuditServiceServicer_to_server(AuditService(edge, log, answers, followers), server)
    review_pb2_grpc.add_ReviewServiceServicer_to_server(ReviewService(edge, log, answers), server)
    model_pb2_grpc.add_ModelServiceServicer_to_server(ModelService(edge, detectors, generators), server)

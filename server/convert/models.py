"""Detectors and generators → the model list, with their cards."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from countersign.v1 import model_pb2
from detectors.base import Source
from generators.base import Generator, Parameter

OWN_LICENCE = "Apache-2.0"


@runtime_checkable
class Brought(Protocol):
    """A detector under another licence than ours, with what its makers say of it, Markdown."""

    licence: str
    card: str


def detector_model(detector: Source) -> model_pb2.Model:
    """A detector as the model list shows it."""
    return model_pb2.Model(
        name=detector.name,
        version=detector.version,
        role=model_pb2.MODEL_ROLE_DETECTOR,
        task=detector.label,
        summary=detector.summary,
        licence=detector.licence if isinstance(detector, Brought) else OWN_LICENCE,
        limits=detector.limits,
        card=detector_card(detector),
    )


def detector_card(detector: Source) -> str:
    """The detector's card, Markdown, from what it says of itself. Measured rates travel with each finding."""
    kinds = ", ".join(sorted(detector.kinds))
    said = f"\n## What its makers say\n\n{detector.card}\n" if isinstance(detector, Brought) and detector.card else ""
    return (
        f"# {detector.name}\n\n{detector.summary}\n\n- Looks for: `{detector.label}`\n- Examines: {kinds}\n"
        f"- Version: `{detector.version}`\n\n## What it cannot see\n\n{detector.limits}\n{said}"
    )


def generator_model(generator: Generator) -> model_pb2.Model:
    """A generator as the model list shows it, with its card."""
    return model_pb2.Model(
        name=generator.name,
        version=generator.version,
        role=model_pb2.MODEL_ROLE_GENERATOR,
        task=generator.task,
        summary=generator.card.summary,
        licence=generator.card.licence,
        limits=generator.card.limits,
        parameters=[parameter(each) for each in generator.parameters],
        card=generator.card.markdown,
        inputs=sorted(generator.inputs),
    )


def parameter(value: Parameter) -> model_pb2.ModelParameter:
    """A setting of a generator."""
    return model_pb2.ModelParameter(
        name=value.name,
        type=value.type,
        default_value=str(value.default),
        description=value.description,
        choices=[str(choice) for choice in value.choices],
        minimum=value.minimum,
        maximum=value.maximum,
    )

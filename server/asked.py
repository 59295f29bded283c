"""What an order asks of the file that leaves, whatever makes it: what it must not tell, and its format.

This module knows where in an order's life that happens. It does not know metadata or formats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from core.errors import InvalidInput
from generators.base import BURST, SOURCE, Job, Output
from generators.privacy import private, told_by
from generators.still import rewritten
from server.examination import Examination
from server.requests import Order, input_of

LEFT_OUT = "left_out"
"""The note that names what a private output does not tell, comma-separated."""


def job_for(order: Order, job: Job, given: Mapping[str, Examination]) -> tuple[Job, tuple[str, ...]]:
    """The job as a private order has it done, and what is left out; the very job of any other order.

    Raises InvalidInput naming "private" where the upload's own credentials tell it: they go along as they were signed,
    and nothing can be taken out of them.
    """
    if not order.private or job.source is None:
        return job, ()
    # What a burst brings goes along as ingredients too.
    brought = [seen.credential.store_json for name, seen in given.items() if input_of(name) in (SOURCE, BURST)]
    if names := sorted({name for store in brought for name in told_by(store)}):
        raise InvalidInput(
            "the upload's own credentials tell what is to be left out, and they stay as they were signed",
            field="private",
            limit="credentials that tell nothing of the kind, or none",
            found=", ".join(names)[:256],
        )
    source, left_out = private(job.source)
    return replace(job, source=source), left_out


def answer_of(order: Order, job: Job, output: Output, left_out: tuple[str, ...]) -> Output:
    """The output in the format that was asked for, with a note of what was left out.

    Raises InvalidInput naming "private" or "output_mime_type" for what cannot be done to measured values, and for a
    format that cannot hold the picture.
    """
    if output.measured and order.private:
        message = "of files of measured values nothing is left out here"
        raise InvalidInput(message, field="private", limit="photographs", found=output.mime)
    if order.output_mime and job.source is not None:
        output = rewritten(output, job.source, order.output_mime)
    return replace(output, notes={**output.notes, LEFT_OUT: ", ".join(left_out)}) if left_out else output

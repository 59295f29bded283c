"""What a job says that it brings."""

from __future__ import annotations

import pytest

from generators.base import Job
from tests.generators.pictures import media, noise


@pytest.mark.parametrize(
    ("job", "brings"),
    [
        (Job(None), set()),
        (Job(None, prompt="a dog"), {"prompt"}),
        (Job(None, negative_prompt="a dog"), {"prompt"}),
        (Job(media(noise(2, 2))), {"source"}),
        (Job(None, control=media(noise(2, 2)), prompt="a"), {"prompt", "control"}),
        (Job(media(noise(2, 2)), mask=media(noise(2, 2))), {"source", "mask"}),
    ],
)
def test_a_job_brings_what_it_was_given(job: Job, brings: set[str]) -> None:
    assert job.brings == brings

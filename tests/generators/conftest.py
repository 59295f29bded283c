"""The shipped catalog, loaded once."""

from __future__ import annotations

import pytest

from core.registry import Registry
from generators import catalog
from generators.base import Generator


@pytest.fixture(scope="session")
def generators() -> Registry[Generator]:
    return catalog.build(catalog.WEIGHTS, "cpu")

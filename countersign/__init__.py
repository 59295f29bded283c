"""Countersign's light client: stubs (`v1`), `Client`, the offline verifier and the command line."""

from countersign.client import Client
from countersign.errors import CountersignError

__all__ = ["Client", "CountersignError"]

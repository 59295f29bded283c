"""Hostile media is parsed here, in processes that can do nothing else. Start with `Sandbox`."""

from core.sandbox.confinement import Confinement
from core.sandbox.contract import Parser, Request
from core.sandbox.sandbox import Sandbox

__all__ = ["Confinement", "Parser", "Request", "Sandbox"]

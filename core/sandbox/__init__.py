"""Hostile media is parsed here, in processes that can do nothing else. Start with `Sandbox`.

What this does not promise: a worker serves many files, so one that a file took over without a trace could see, and lie
about, those that come after it, until it is recycled. It could not reach the network, other files, or keys.
"""

from core.sandbox.assembly import SAMPLES
from core.sandbox.confinement import Confinement
from core.sandbox.contract import Parser, Request
from core.sandbox.sandbox import Sandbox

__all__ = ["SAMPLES", "Confinement", "Parser", "Request", "Sandbox"]

"""`countersign demo`: the whole loop on real files, in a minute. Read `run` first."""

from server.demo.run import run

__all__ = ["run"]

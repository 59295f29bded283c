"""Runs the benchmark of the log: see the package."""

from tests.bench.audit.run import main

main()

"""`python -m countersign` is the command `countersign`."""

from countersign.cli import main

main()

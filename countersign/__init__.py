"""Countersign's light client: stubs (`v1`), `Client`, the offline verifier and the command line."""

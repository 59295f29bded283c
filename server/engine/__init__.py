"""Runs detectors and generators for many callers at once. `base` is the contract, `local` runs them in this process."""

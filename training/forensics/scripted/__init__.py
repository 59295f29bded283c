"""Scripted manipulations with their masks, and untouched twins of the same history and delivery."""

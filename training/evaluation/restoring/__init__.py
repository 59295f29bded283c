"""The contest of every model and classical method that restores: `python -m training.evaluate restoration`."""

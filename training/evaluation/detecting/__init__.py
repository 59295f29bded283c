"""What measures detectors, `python -m training.evaluate detectors`, and what turns their scores into verdicts: fits of
calibrations, and of what is familiar.
"""

"""What somebody does to the verdicts of learned detectors who knows them: attacks, and figures beside those without."""

"""What turns a detector's scores into verdicts: fits of calibrations, and of what is familiar."""

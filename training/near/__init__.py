"""Visual words of the detector `near_duplicate`, and copies of pictures to measure it by."""

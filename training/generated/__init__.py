"""Makes the probes of `detectors.generated`: gathers figures of pictures once, fits on them, measures, ships."""

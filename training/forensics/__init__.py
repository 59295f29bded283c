"""Material for forensic detectors: pictures whose history is known because a script made it."""

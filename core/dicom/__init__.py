"""DICOM (ISO 12052) without its bytes: what a picture's values mean, and a derived file out of parts that were read.

Nothing here parses a file: `core.parsers.dicom` does, in the sandbox. Numbers of sections are those of the standard's
parts: PS3.3 objects, PS3.5 encoding, PS3.10 files.
"""

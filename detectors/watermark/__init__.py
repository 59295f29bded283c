"""The reader of the invisible watermark."""

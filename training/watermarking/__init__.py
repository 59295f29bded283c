"""The pieces of the watermark's training."""

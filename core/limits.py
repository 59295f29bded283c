"""What one piece of media may cost, checked before decoding wherever the format says so in its header."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on hostile input.

    max_bytes: size of the file. max_pixels: width × height of one picture. max_side: pixels.
    max_frames: frames of an animation or video. max_duration: seconds. max_seconds: wall-clock seconds that one
    parsing trip may take. max_memory: address space of a parsing worker, bytes.
    sampled_frames, sampled_side: how many frames of a video are decoded for examination, and their longest side.
    """

    max_bytes: int = 512 * 1024 * 1024
    max_pixels: int = 100_000_000
    max_side: int = 32_768
    max_frames: int = 100_000
    max_duration: float = 4 * 3600.0
    max_seconds: float = 20.0
    max_memory: int = 4 * 1024**3
    sampled_frames: int = 8
    sampled_side: int = 1280

    @property
    def max_result(self) -> int:
        """Bytes that one trip may bring back: a picture with alpha, once of 8 bits and once of 16, sampled frames, a
        rewritten file, and tables.
        """
        frames = 3 * self.sampled_frames * self.sampled_side**2
        return (4 + 8) * self.max_pixels + frames + self.max_bytes + 64 * 1024 * 1024

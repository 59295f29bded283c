"""What can be learned from media: `Media` → `Finding`. One file a detector; `catalog` lists them all."""

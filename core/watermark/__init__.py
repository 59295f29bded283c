"""The format of the invisible watermark: what is said (`payload`) and how a tile says it (`tile`). Knows no network."""

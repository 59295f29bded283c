"""How media is made or improved: `Job` → `Media` bytes, never signed here. `catalog` lists the generators."""

"""The judge: a detector of what a scene shows, which no generator and no scorer had a part in."""

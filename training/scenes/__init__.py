"""The scene grammar: captioned scenes of sprites, with boxes, held-out combinations and a declared prior."""

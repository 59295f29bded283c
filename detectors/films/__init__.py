"""Films as films: what the pictures' order, pace and likeness tell, and what detectors of pictures say over time."""

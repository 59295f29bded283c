"""Methods without a trained network, by libraries: what learned models have to beat, and often all that is needed."""

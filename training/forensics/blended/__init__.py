"""Self-blended pictures: a picture blended with an altered copy of itself, so that nothing but the blending tells."""

"""Whether a picture was made by a generator: what it shows, and what its pixels are like, weighed together."""

"""Enhancement of georeferenced scenes: values that somebody measures by, in any number of bands, with holes in them."""

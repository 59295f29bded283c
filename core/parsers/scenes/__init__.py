"""Georeferenced TIFFs, read by GDAL inside the sandbox: what they measure, where they lie, and a picture to look at."""

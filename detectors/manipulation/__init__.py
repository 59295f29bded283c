"""Where a picture was changed: a network that marks it pixel by pixel, its tiles, and the detector around it."""

"""Where faces are in a picture, and how many: never whose."""

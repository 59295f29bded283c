"""Where one picture was blended into another: a network that marks the part and its border, and the detector."""

"""Pairs of a photograph and its own reconstruction by a decoder, from which detectors learn the decoder's trace."""

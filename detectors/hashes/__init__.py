"""Hashes of known media: what an entry is, how many are kept and searched, and the files that they travel in."""

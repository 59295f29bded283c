"""Classifiers that an operator brings, as detectors. What they look for is the operator's word.

Read `loading` first.
"""

"""Marks that are put into pictures after they were made."""

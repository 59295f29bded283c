"""Restoration networks that an operator brings: one file of tensors, of any architecture that spandrel recognises."""

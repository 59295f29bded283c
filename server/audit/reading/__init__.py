"""The reading side: every question is one snapshot of what is committed."""

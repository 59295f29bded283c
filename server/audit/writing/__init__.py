"""The writing side: work is queued, grouped, and recorded in one transaction a batch."""

"""What is recorded, as values: entries, their leaves, and the state that a decision is in. Knows no SQL."""

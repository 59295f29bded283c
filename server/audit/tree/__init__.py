"""The signed tree: tiles, head, keys, receipts, and the checkpoints that somebody else vouches for."""

"""Near duplicates: pictures that are listed by what can be seen in their parts, and found again in copies of them."""

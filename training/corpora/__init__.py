"""Where training pictures come from, and under which licence each of them may be used."""

"""What is read out of media, inside the sandbox. `core.parsers.catalog` lists the parsers."""

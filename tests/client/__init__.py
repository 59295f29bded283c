"""The light client and its command line, against a fake server in the same process."""

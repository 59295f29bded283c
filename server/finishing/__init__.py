"""The last steps before a file is signed: what is put into the picture and beside it, and what is asked of each."""

"""Films for measurements: camera moves over photographs, edits of them with the truth, and their files."""

"""Readers of one kind of tag each, for the `tags` parser. None of them decodes pixels; all of them run confined."""

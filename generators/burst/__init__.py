"""One sharper picture from several of the same scene: where they lie on each other, and what they say together."""

"""Whether pictures look pornographic: Yahoo's open_nsfw, run as data from a package that need not be there."""

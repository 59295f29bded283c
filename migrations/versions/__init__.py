"""One module for each revision. A migration MUST leave the database usable by the previous release."""

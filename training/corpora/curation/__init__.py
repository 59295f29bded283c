"""What is known of a corpus before a model learns from it: licences, doubles, balance. A fault stops the build."""

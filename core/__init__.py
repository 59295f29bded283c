"""What every room shares: media, sandboxed parsing, the error tree, registries, weights. It knows no model."""

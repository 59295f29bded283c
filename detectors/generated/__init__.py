"""Whether a picture was generated: what its content, its pixels' statistics and its decoder's trace say."""

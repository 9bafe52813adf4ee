"""Ways to deliver; one file is one target type."""

"""Templates that are kept as files in the user's cache, and what removes old ones."""

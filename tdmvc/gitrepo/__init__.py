"""Git: commands, trees, the index, merges, tags and releases."""

"""merge_check."""

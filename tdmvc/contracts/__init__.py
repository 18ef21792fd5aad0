"""Contract formats: what each declares about tables, their columns and their rows."""

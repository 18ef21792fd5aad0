"""What a merge would break, in every format."""

"""Finding the objects that no branch, tag or version needs, for `gc` to remove."""

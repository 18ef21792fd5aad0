"""What can be removed: objects that no branch, tag or version needs."""

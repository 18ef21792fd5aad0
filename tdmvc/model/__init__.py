"""The values that all rooms share. Frozen, and free of files, network and clock."""

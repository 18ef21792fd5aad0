"""The hidden commands that Git and CI call."""

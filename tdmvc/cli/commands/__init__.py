"""The commands that people run: one file per command; a body is a call and a print."""

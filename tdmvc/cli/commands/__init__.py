"""The commands that people run: one file per command, whose body is a call and a print."""

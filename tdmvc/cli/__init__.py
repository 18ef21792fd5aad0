"""The command line: one file per command, whose body is a call and a print."""

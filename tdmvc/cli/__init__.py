"""The command line: one file per command; a body is a call and a print."""

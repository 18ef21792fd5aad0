"""The reports of commands that have no other format than the terminal and JSON: one file per family."""

"""The command line: one file per command; a body is a call and a print."""

import gc

# Imports make many objects, and all of them stay: looking for garbage among them is time lost.
gc.set_threshold(50_000)

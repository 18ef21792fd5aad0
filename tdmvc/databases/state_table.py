"""The table in which a database remembers what was seeded."""

STATE_TABLE = "tdmvc_state"
"""Its name; no dataset takes it for a table of its own."""

"""The tables in which a database remembers what was seeded; no dataset takes them for tables of its own."""

STATE_TABLE = "tdmvc_state"
FINGERPRINT_TABLE = "tdmvc_fingerprints"
"""Only in SQLite."""
OWN_TABLES = (STATE_TABLE, FINGERPRINT_TABLE)

"""The tables in which a database remembers what was seeded; no dataset takes them for tables of its own."""

from collections.abc import Iterable

from tdmvc.model.seeding import SeededDataset

STATE_TABLE = "tdmvc_state"
FINGERPRINT_TABLE = "tdmvc_fingerprints"
"""Only in SQLite."""
READ_STATES = f"SELECT dataset, state FROM {STATE_TABLE}"
MAKE_STATES = (
    f"CREATE TABLE IF NOT EXISTS {STATE_TABLE} (dataset TEXT NOT NULL PRIMARY KEY, state TEXT NOT NULL)"
)
WRITE_STATE = f"INSERT OR REPLACE INTO {STATE_TABLE} VALUES (?, ?)"
"""In the engines of files."""
OWN_TABLES = (STATE_TABLE, FINGERPRINT_TABLE)


def parse_states(rows: Iterable[tuple[str, str]]) -> dict[str, SeededDataset]:
    """Return what rows of the table of states say, by dataset; what a later tdmvc wrote is left out."""
    found = {name: SeededDataset.from_json(name, text) for name, text in rows}
    return {name: state for name, state in found.items() if state is not None}

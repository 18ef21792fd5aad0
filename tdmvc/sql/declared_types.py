"""Which canonical types the type names of engines mean, wherever these are read: in a catalog or in a script."""

import re
from collections.abc import Mapping
from typing import Final

POSTGRES_TYPES: Final[Mapping[str, str]] = {
    "boolean": "bool",
    "smallint": "int16",
    "integer": "int32",
    "bigint": "int64",
    "real": "float32",
    "double precision": "float64",
    "text": "string",
    "bytea": "binary",
    "date": "date",
    "time without time zone": "time",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}
"""The types of PostgreSQL that are what a canonical type means without more words."""
SQLITE_TYPES: Final = (
    (("INT",), "int64"),
    (("BOOL",), "bool"),
    (("CHAR", "CLOB", "TEXT", "JSON"), "string"),
    (("BLOB",), "binary"),
    (("REAL", "FLOA", "DOUB"), "float64"),
)
"""Words in the names of SQLite's types, with what they mean; the first that a name has counts."""
SQLITE_DECIMAL: Final = re.compile(r"(?:NUMERIC|DECIMAL|DEC|NUMBER)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?")
SQLITE_NO_INTEGER: Final = re.compile("INTERVAL|POINT")
"""Types of other engines in whose names SQLite finds INT."""

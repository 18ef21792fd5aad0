"""Types with values that differ, and that DuckDB takes for the same: a month and 30 days, or their hashes."""

import re

from tdmvc.sql.quoting import quote_name

_LOOSE = re.compile(r"INTERVAL|\[|STRUCT|MAP|UNION")


def is_loose(type_: str) -> bool:
    """Whether equal values of a DuckDB type, or values with equal hashes, may have different texts."""
    return _LOOSE.search(type_) is not None


def text_of(row: str, column: str) -> str:
    """Return SQL for the text of a column's value."""
    return f"CAST({row}.{quote_name(column)} AS VARCHAR)"

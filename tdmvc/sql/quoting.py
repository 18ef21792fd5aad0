"""Names and texts in SQL, always quoted."""

import re
from collections.abc import Iterable


def quote_name(name: str) -> str:
    """Return the name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_names(names: Iterable[str]) -> str:
    """Return the names as quoted SQL identifiers, separated by commas."""
    return ", ".join(quote_name(name) for name in names)


def quote_path(path: object) -> str:
    """Return a path as a literal that means one file to DuckDB, not a pattern of names."""
    return quote_text(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def scan_parquet(paths: Iterable[object]) -> str:
    """Return SQL that can follow FROM and reads just these files, without columns from their paths."""
    return f"read_parquet([{', '.join(map(quote_path, paths))}], hive_partitioning = false)"


def quote_text(text: str) -> str:
    """Return the text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"

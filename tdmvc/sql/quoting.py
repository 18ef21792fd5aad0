"""How names and texts are written into SQL: always quoted, never spliced bare."""

import re
from collections.abc import Iterable


def quote_name(name: str) -> str:
    """Return the name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quote_names(names: "tuple[str, ...] | list[str]") -> str:
    """Return the names as quoted SQL identifiers with commas between."""
    return ", ".join(quote_name(name) for name in names)


def quote_path(path: object) -> str:
    """Return a path as a literal that DuckDB takes for one file, not for a pattern of names."""
    return quote_text(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def scan_parquet(paths: Iterable[object]) -> str:
    """Return SQL to put behind FROM that reads just these files and takes no column from their paths."""
    return f"read_parquet([{', '.join(map(quote_path, paths))}], hive_partitioning = false)"


def quote_text(text: str) -> str:
    """Return the text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"

"""Full-text indexes of SQLite, which triggers keep up to date with the table whose texts they index."""

import sqlite3
from collections.abc import Collection

from tdmvc.sql.quoting import quote_name
from tdmvc.sql.tokens import tokens


def rebuild_search_indexes(database: sqlite3.Connection, tables: Collection[str]) -> None:
    """Rebuild the full-text indexes over some tables, whose triggers did not run."""
    folded = {table.lower() for table in tables}
    rows = database.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL %'"
    ).fetchall()
    for name, sql in rows:
        content = _content_of(sql)
        if content is not None and content.lower() in folded:
            quoted = quote_name(name)
            database.execute(f"INSERT INTO {quoted} ({quoted}) VALUES ('rebuild')")


def _content_of(sql: str) -> str | None:
    """Return the table whose texts a virtual table indexes; None if it has texts of its own, or is no such index."""
    parts = tokens(sql)
    words = [part.keyword for part in parts]
    if not any(module in words for module in ("FTS4", "FTS5")):
        return None
    for i in range(len(parts) - 2):
        if words[i] == "CONTENT" and words[i + 1] == "=":
            return parts[i + 2].name or None
    return None

"""The first bytes of database files."""


def is_sqlite(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a SQLite database."""
    return head.startswith(b"SQLite format 3\0")


def is_duckdb(head: bytes) -> bool:
    """Whether a file that begins with these bytes is a DuckDB database."""
    return head[8:12] == b"DUCK"

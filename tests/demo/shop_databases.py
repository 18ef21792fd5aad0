"""The sample shop's rows and schema in SQLite."""

import csv
import sqlite3
from collections import defaultdict
from pathlib import Path

from tdmvc.demo import DemoRelease

Rows = list[dict[str, str | None]]


def read_csv(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: text or None for name, text in row.items()} for row in csv.DictReader(file)]


def read_tables(folders: tuple[Path, ...]) -> dict[str, Rows]:
    tables: dict[str, Rows] = defaultdict(list)
    for folder in folders:
        for path in sorted(folder.glob("*.csv")):
            tables[path.stem] += read_csv(path)
    return dict(tables)


def migrate(con: sqlite3.Connection, *releases: DemoRelease) -> None:
    for release in releases:
        for path in release.migrations:
            con.executescript(path.read_text(encoding="utf-8"))


def load(con: sqlite3.Connection, tables: dict[str, Rows]) -> None:
    """Insert the rows, parents or not first: references are checked at the commit."""
    con.execute("BEGIN")
    con.execute("PRAGMA defer_foreign_keys = ON")
    for table, rows in tables.items():
        booleans = {c[1] for c in con.execute(f"PRAGMA table_info({table})") if c[2] == "boolean"}
        for row in rows:
            values = [{"true": 1, "false": 0}[v or ""] if n in booleans else v for n, v in row.items()]
            marks = ", ".join("?" * len(values))
            con.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", values)
    con.commit()

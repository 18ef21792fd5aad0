"""References that rows of a SQLite database break."""

import sqlite3
from collections.abc import Sequence

from tdmvc.databases.findings import broken_reference
from tdmvc.databases.sqlite.catalog import read_table_names
from tdmvc.model.finding import Finding, Severity


def broken_references(database: sqlite3.Connection, names: Sequence[str] | None = None) -> list[Finding]:
    """Return the references that rows break: all, or those from and to some tables."""
    chosen = None if names is None else {name.lower() for name in names}
    findings: list[Finding] = []
    for table in read_table_names(database):
        references = database.execute(
            'SELECT id, "table", "from" FROM pragma_foreign_key_list(?) ORDER BY id, seq', (table,)
        ).fetchall()
        parents = {number: parent for number, parent, _ in references}
        if chosen is not None and table.lower() not in chosen:
            parents = {number: parent for number, parent in parents.items() if parent.lower() in chosen}
        if not parents:
            continue
        try:
            counts = database.execute(
                "SELECT fkid, count(*) FROM pragma_foreign_key_check(?) GROUP BY 1 ORDER BY 1", (table,)
            ).fetchall()
        except sqlite3.OperationalError as error:
            if "mismatch" not in str(error):
                raise
            findings.append(_unchecked(table, str(error)))
            continue
        for number, count in counts:
            if number in parents:
                columns = tuple(name for each, _, name in references if each == number)
                findings.append(broken_reference(table, columns, parents[number], count))
    return findings


def _unchecked(table: str, said: str) -> Finding:
    return Finding(
        "reference-not-checked",
        Severity.WARNING,
        f"A reference of {table} cannot be checked, because its columns identify no row: SQLite says {said}.",
        table=table,
        details={"to": table, "rows": 0},
    )

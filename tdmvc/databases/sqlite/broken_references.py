"""References that rows of a SQLite database break."""

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from tdmvc.databases.findings import broken_reference
from tdmvc.databases.sqlite.catalog import declared_types, read_table_names
from tdmvc.databases.sqlite.changed_rows import SqliteChanges, key_columns
from tdmvc.databases.sqlite.storage import affinity
from tdmvc.model.finding import Finding, Severity
from tdmvc.sql.quoting import quote_name, quote_names

_COLLATED = """
SELECT DISTINCT lower(x.name) FROM pragma_index_list(?) AS i, pragma_index_xinfo(i.name) AS x
WHERE x.name IS NOT NULL AND x.coll <> 'BINARY'
"""


@dataclass(frozen=True, slots=True)
class SqliteReferences:
    """What is known of references without looking at rows."""

    held: Mapping[str, Collection[str]] = field(default_factory=dict)
    """By the tables that refer, those to which their references held before `changed`."""
    changed: Mapping[str, SqliteChanges | None] = field(default_factory=dict)
    """What was changed since, by the table's name in lower case; None if this was not kept."""


@dataclass(frozen=True, slots=True)
class _DeclaredReference:
    """A reference as its table declares it."""

    table: str
    columns: tuple[str, ...]
    parent: str
    to: tuple[str, ...]

    @property
    def _broken(self) -> str:
        """SQL that is true for a row `t` that breaks it."""
        present = " AND ".join(f"t.{quote_name(name)} IS NOT NULL" for name in self.columns)
        same = " AND ".join(
            f"p.{quote_name(to)} = t.{quote_name(name)}"
            for name, to in zip(self.columns, self.to, strict=True)
        )
        return f"{present} AND NOT EXISTS (SELECT 1 FROM main.{quote_name(self.parent)} AS p WHERE {same})"

    def count_newly_broken(
        self, database: sqlite3.Connection, own: SqliteChanges | None, other: SqliteChanges | None
    ) -> int:
        """Return how many rows break it, if none did before some changes.

        Args:
            own: what was changed in the table; None if nothing.
            other: what was changed in the table that it refers to; None if nothing.
        """
        queries = []
        among = own.is_among("t") if own else "0"
        if own:
            queries.append(f"{among} AND {self._broken}")
        if other and other.left:
            values = ", ".join(f"t.{quote_name(name)}" for name in self.columns)
            left = f"({values}) IN (SELECT {quote_names(self.to)} FROM {other.left})"
            queries.append(f"{left} AND NOT {among} AND {self._broken}")
        rows = f"SELECT count(*) FROM main.{quote_name(self.table)} AS t WHERE"
        return sum(database.execute(f"{rows} {one}").fetchone()[0] for one in queries)

    def is_plain(self, database: sqlite3.Connection) -> bool:
        """Whether `=` compares its columns as SQLite does when it checks it: no type or collation differs."""
        own, other = (
            {name.lower(): affinity(type_) for name, type_ in declared_types(database, table).items()}
            for table in (self.table, self.parent)
        )
        collated = {name for (name,) in database.execute(_COLLATED, (self.parent,)).fetchall()}
        return len(self.to) == len(self.columns) and all(
            own.get(name.lower()) == other.get(to.lower(), "") and to.lower() not in collated
            for name, to in zip(self.columns, self.to, strict=True)
        )


def broken_references(
    database: sqlite3.Connection,
    names: Sequence[str] | None = None,
    known: SqliteReferences | None = None,
) -> list[Finding]:
    """Return the references that rows break: all, or those from and to some tables.

    Cost: all rows of a table that refers; of a reference that held before, the rows that were changed.
    """
    chosen = None if names is None else {name.lower() for name in names}
    findings: list[Finding] = []
    for table in read_table_names(database):
        references = _read_references(database, table)
        if chosen is not None and table.lower() not in chosen:
            references = {number: one for number, one in references.items() if one.parent.lower() in chosen}
        counts = _count_newly_broken(database, references, known or SqliteReferences())
        if references.keys() - counts:
            try:
                checked = database.execute(
                    "SELECT fkid, count(*) FROM pragma_foreign_key_check(?) GROUP BY 1", (table,)
                ).fetchall()
            except sqlite3.OperationalError as error:
                if "mismatch" not in str(error):
                    raise
                findings.append(_unchecked(table, str(error)))
                continue
            counts = dict(checked) | counts
        findings += [
            broken_reference(table, one.columns, one.parent, counts[number])
            for number, one in sorted(references.items())
            if counts.get(number)
        ]
    return findings


def _read_references(database: sqlite3.Connection, table: str) -> dict[int, _DeclaredReference]:
    """Return the references of a table by SQLite's numbers."""
    rows = database.execute(
        'SELECT id, "table", "from", "to" FROM pragma_foreign_key_list(?) ORDER BY id, seq', (table,)
    ).fetchall()
    found = {}
    for number, parent in {number: parent for number, parent, _, _ in rows}.items():
        pairs = [(name, to) for each, _, name, to in rows if each == number]
        to = [to for _, to in pairs] if None not in dict(pairs).values() else key_columns(database, parent)
        found[number] = _DeclaredReference(table, tuple(name for name, _ in pairs), parent, tuple(to))
    return found


def _count_newly_broken(
    database: sqlite3.Connection, references: Mapping[int, _DeclaredReference], known: SqliteReferences
) -> dict[int, int]:
    """Return the numbers of rows for the references that need no look at all rows."""
    counts = {}
    held = {(name.lower(), to.lower()) for name, others in known.held.items() for to in others}
    for number, one in references.items():
        table, parent = one.table.lower(), one.parent.lower()
        own, other = known.changed.get(table), known.changed.get(parent)
        if (
            (table, parent) in held
            and (table not in known.changed or own)
            and (parent not in known.changed or other)
            and (other is None or other.referred.issuperset(to.lower() for to in one.to))
            and one.is_plain(database)
        ):
            counts[number] = one.count_newly_broken(database, own, other)
    return counts


def _unchecked(table: str, said: str) -> Finding:
    return Finding(
        "reference-not-checked",
        Severity.WARNING,
        f"A reference of {table} cannot be checked, because its columns identify no row: SQLite says {said}.",
        table=table,
        details={"to": table, "rows": 0},
    )

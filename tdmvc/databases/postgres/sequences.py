"""Where the sequences of tables are, compared with the numbers in their rows."""

from collections.abc import Iterable, Mapping

from tdmvc.databases.postgres.catalog import DeclaredTable
from tdmvc.databases.postgres.columns import SequenceFacts
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.sql.quoting import quote_name

_COMPARED_AT_ONCE = 200


def sequence_notes(
    connection: PostgresConnection, tables: Iterable[DeclaredTable]
) -> Mapping[str, tuple[str, ...]]:
    """Return a note for each column whose sequence is at another place than the rows show, by table.

    Only columns whose greatest number an index knows are looked at.
    """
    compared = [
        (table, name, sequence)
        for table in tables
        for name, sequence in table.sequences.items()
        if sequence.last is not None and sequence.increment > 0 and _is_indexed(table, name)
    ]
    notes: dict[str, tuple[str, ...]] = {}
    for first in range(0, len(compared), _COMPARED_AT_ONCE):
        part = compared[first : first + _COMPARED_AT_ONCE]
        queries = ", ".join(
            f"(SELECT pg_catalog.max({quote_name(name)}) FROM {table.relation.sql})"
            for table, name, _ in part
        )
        with connection.transaction(force_rollback=True):  # gives back the locks
            (row,) = connection.execute(f"SELECT {queries}").fetchall()
        for (table, name, sequence), highest in zip(part, row, strict=True):
            if (note := _note(name, sequence, highest)) is not None:
                notes[table.schema.name] = (*notes.get(table.schema.name, ()), note)
    return notes


def _is_indexed(table: DeclaredTable, name: str) -> bool:
    column = table.schema.column(name)
    return table.schema.key[:1] == (name,) or (column is not None and column.unique)


def _note(name: str, sequence: SequenceFacts, highest: int | None) -> str | None:
    following = (sequence.last or 0) + sequence.increment
    if following > (highest + sequence.increment if highest is not None else sequence.start):
        return (
            f"{name}: the sequence {sequence.name} gives {following} next, and the greatest number in the rows is "
            f"{'none' if highest is None else highest}; only the rows are kept, so that a copy gives the numbers "
            "between again"
        )
    if highest is not None and following <= highest:
        return (
            f"{name}: the sequence {sequence.name} gives {following} next, although the rows have numbers up to "
            f"{highest}; a copy goes on after them"
        )
    return None

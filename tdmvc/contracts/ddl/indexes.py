"""Reads CREATE INDEX."""

from dataclasses import replace

from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.made import Made
from tdmvc.model.declarations import Index
from tdmvc.sql.object_definitions import read_index
from tdmvc.sql.tokens import TokenKind


def make_index(cursor: Cursor, line: int, made: Made) -> None:
    """Read CREATE INDEX, without CREATE, and add the index to its table."""
    is_unique = cursor.take("UNIQUE")
    cursor.need("INDEX")
    cursor.take("CONCURRENTLY")
    cursor.take("IF", "NOT", "EXISTS")
    name = cursor.qualified_name().rpartition(".")[2] if not cursor.is_next("ON") else ""
    cursor.need("ON")
    cursor.take("ONLY")
    target = cursor.qualified_name()
    table = made.table(target)
    if table is None and target in made.partitions:
        return
    if table is None:
        made.note(line, f"The index {name} has no effect: the script did not make the table {target}.")
        return
    index = _read_index(cursor, made.dialect, name, list(table.columns), is_unique=is_unique)
    if not index.name and index.columns and made.dialect == "postgresql":
        own = "_".join([table.name.rpartition(".")[2], *index.columns, "idx"])
        index = replace(index, name=own[:63])
    table.indexes.append(index)
    if is_unique and index.columns:
        table.declare(index.columns, "unique", made.node(line))
        if len(index.columns) == 1:
            table.columns[index.columns[0]] = replace(table.columns[index.columns[0]], unique=True)
    elif is_unique:
        made.note(
            line,
            f"The unique index {name} is not checked on rows: it is of expressions, or has a condition.",
        )


def _read_index(cursor: Cursor, dialect: str, name: str, columns: list[str], *, is_unique: bool) -> Index:
    if dialect in ("sqlite", "duckdb"):
        cursor.go_back(0)
        return read_index(name, cursor.script.span(cursor.rest()), columns, dialect)
    start = cursor.position
    is_plain = not cursor.take("USING") or cursor.next().keyword == "BTREE"
    parts = [one.rest() for one in cursor.parts(cursor.brackets())] if cursor.is_next("(") else []
    kinds = (TokenKind.WORD, TokenKind.NAME)
    is_plain = is_plain and all(len(one) == 1 and one[0].kind in kinds for one in parts)
    if is_plain and parts and not cursor.has_more:
        names = tuple(_name(one[0].text, one[0].name, dialect) for one in parts)
        if all(one in columns for one in names):
            return Index(name, names, is_unique=is_unique)
    cursor.rest()
    definition = cursor.script.span(cursor.since(start))
    return Index(name, (), definition, is_unique, dialect)


def _name(text: str, plain: str, dialect: str) -> str:
    return text.lower() if dialect == "postgresql" and text == plain else plain

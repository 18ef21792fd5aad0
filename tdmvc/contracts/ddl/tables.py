"""Reads CREATE TABLE, and the constraints that it and ALTER TABLE declare."""

from dataclasses import replace
from typing import Final

import pyarrow as pa

from tdmvc.contracts.ddl.clauses import read_reference
from tdmvc.contracts.ddl.columns import ColumnWords, read_column
from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.defaults import text_of
from tdmvc.contracts.ddl.made import Made
from tdmvc.contracts.tables import TableBuilder
from tdmvc.model.declarations import Check, Index, TableOptions, UniqueKey
from tdmvc.sql.tokens import TokenKind, unwrapped

_CONSTRAINTS: Final = frozenset(
    {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "EXCLUDE", "KEY", "INDEX", "FULLTEXT", "SPATIAL"}
)
_USUAL_COLLATIONS: Final = frozenset({"utf8mb4_general_ci", "utf8mb4_0900_ai_ci", "utf8mb4_uca1400_ai_ci"})
_OF_EVERY_TABLE: Final = frozenset({"ENGINE", "AUTO_INCREMENT", "CHARSET"})
"""Options that each table of a dump of MySQL has."""
_ONLY_MYSQL: Final = frozenset({"KEY", "INDEX", "FULLTEXT", "SPATIAL"})


def read_table(cursor: Cursor, name: str, made: Made) -> TableBuilder:
    """Read what follows CREATE TABLE and the name.

    Raises:
        ConfigError: it is wrong.
    """
    table = TableBuilder(name, made.node(cursor.line))
    parts = cursor.parts(cursor.brackets())
    waiting = []
    for part in parts:
        word = part.peek.keyword
        is_constraint = word in _CONSTRAINTS and (word not in _ONLY_MYSQL or made.dialect == "mysql")
        if is_constraint and not (word in _ONLY_MYSQL and _is_column(part)):
            waiting.append(part)
        elif part.take("LIKE"):
            made.note(part.line, f"LIKE in {name} has no effect: its columns are not copied.")
        else:
            add_column(part, table, made)
    start = cursor.position
    _inherit(cursor, table, made)
    for part in waiting:
        add_constraint(part, table, made)
    cursor.go_back(start)
    _options(cursor, table, made)
    return table


def _inherit(cursor: Cursor, table: TableBuilder, made: Made) -> None:
    """Give a table of PostgreSQL what it inherits: columns, and conditions of them."""
    while cursor.has_more:
        if not cursor.take("INHERITS"):
            cursor.next()
            continue
        for part in cursor.parts(cursor.brackets()):
            line = part.line
            parent = made.table(part.qualified_name())
            if parent is None:
                made.note(line, f"INHERITS of {table.name} has no effect: the script did not make the table.")
                continue
            table.columns = {**parent.columns, **table.columns}
            table.checks += [one for one in parent.checks if one.is_inherited and one not in table.checks]
            table.declared += [
                one for one in parent.declared if one[1] in ("required", "length", "condition")
            ]


def _is_column(part: Cursor) -> bool:
    """Whether a part that begins with KEY or INDEX is a column of this name."""
    return part.peek.kind is TokenKind.NAME


def add_column(part: Cursor, table: TableBuilder, made: Made) -> ColumnWords:
    """Add a column with all that it says, at the place that it names or as the last; return what it says."""
    words = read_column(part, made.types, made.sequences, table.name)
    name, others, place = words.column.name, list(table.columns), 0
    if words.after:
        before = made.own_column(table, words.after)
        table.check_names((before,), made.node(words.line))
        place = others.index(before) + 1
    table.add_column(words.column, made.node(words.line))
    for word in ("required", "unique"):
        if word in words.lines:
            table.declare((name,), word, made.node(words.lines[word]))
    table.declare((name,), "length", made.node(words.line))
    if words.is_key:
        _set_key(table, (name,), words.lines["key"], made)
    for expression, label, line in words.checks:
        if not _is_json_check(table, expression):
            kept = None if made.dialect == "duckdb" else label
            table.add_check(Check(expression, kept, made.dialect), made.node(line))
    if words.reference is not None:
        table.add_reference(words.reference, made.node(words.lines["references"]))
    for line, message in words.notes:
        made.note(line, f"{table.name}: {message}")
    if words.after is not None:
        table.order_columns([*others[:place], name, *others[place:]])
    return words


def _set_key(table: TableBuilder, columns: tuple[str, ...], line: int, made: Made) -> None:
    columns = tuple(made.own_column(table, name) for name in columns)
    table.key = table.check_names(columns, made.node(line))
    table.declare(table.key, "unique", made.node(line))
    if made.dialect != "sqlite":
        for name in columns:
            table.change(name, made.node(line), "required", required=True)
    elif len(columns) == 1 and (table.columns[columns[0]].physical_type or "").upper() == "INTEGER":
        table.columns[columns[0]] = replace(table.columns[columns[0]], required=True)


def add_constraint(cursor: Cursor, table: TableBuilder, made: Made) -> None:
    """Add a constraint of a table."""
    line = cursor.line
    label = None
    if cursor.take("CONSTRAINT") and not (made.dialect == "mysql" and cursor.peek.keyword in _CONSTRAINTS):
        label = cursor.name()
    node = made.node(line)
    if cursor.take("PRIMARY", "KEY"):
        _using(cursor)
        _set_key(table, _columns(cursor, table, made), line, made)
        made.label(label, table.name, "key")
        _rest(cursor, table, made, f"PRIMARY KEY of {table.name}")
    elif cursor.take("UNIQUE"):
        _unique(cursor, table, made, label)
    elif cursor.take("CHECK"):
        expression = unwrapped(cursor.expression())
        is_inherited, is_validated = not cursor.take("NO", "INHERIT"), not cursor.take("NOT", "VALID")
        if cursor.take("NOT", "ENFORCED"):
            made.note(
                line,
                f"The check {label or expression[:60]} of {table.name} is not enforced, and has no effect.",
            )
            return
        kept = None if made.dialect == "duckdb" else label
        if (
            made.dialect == "mysql"
            and expression.lower().startswith("json_valid(")
            and _is_json_check(table, expression)
        ):
            return
        table.add_check(Check(expression, kept, made.dialect, is_validated, is_inherited), node)
    elif cursor.take("FOREIGN", "KEY"):
        if made.dialect == "mysql" and not cursor.is_next("("):
            cursor.name()
        columns = _columns(cursor, table, made)
        cursor.need("REFERENCES")
        made.label(label, table.name, *columns, "references")
        table.add_reference(read_reference(cursor, columns), node)
        _rest(cursor, table, made, f"the reference of {table.name}")
    elif (word := cursor.take_one("KEY", "INDEX", "FULLTEXT", "SPATIAL", "EXCLUDE")) is not None:
        if word in ("KEY", "INDEX"):
            _index(cursor, table, made, is_unique=False)
        else:
            made.note(line, f"{word} {label or ''} of {table.name} has no effect.".replace("  ", " "))
    else:
        raise cursor.error("Expected a constraint")


def _is_json_check(table: TableBuilder, expression: str) -> bool:
    """Whether a condition is what MariaDB makes of the type JSON; if so, the column gets that type."""
    if not expression.lower().startswith("json_valid("):
        return False
    name = expression[len("json_valid(") : -1].strip("`")
    column = table.columns.get(name)
    if column is None or column.physical_type != "longtext":
        return False
    table.columns[name] = replace(column, physical_type="json", collation=None)
    return True


def _columns(cursor: Cursor, table: TableBuilder, made: Made) -> tuple[str, ...]:
    line = cursor.line
    names = tuple(made.own_column(table, name) for name in cursor.names())
    return table.check_names(names, made.node(line))


def _using(cursor: Cursor) -> None:
    if cursor.take("USING"):
        cursor.next()


def _rest(cursor: Cursor, table: TableBuilder, made: Made, what: str) -> None:
    """Note what follows a constraint and has no effect."""
    if cursor.take("ON", "CONFLICT"):
        cursor.next()
    _using(cursor)
    if cursor.has_more:
        line = cursor.line
        made.note(line, f"{cursor.script.span(cursor.rest())[:60]} of {what} has no effect.")


def _unique(cursor: Cursor, table: TableBuilder, made: Made, label: str | None) -> None:
    line = cursor.line
    if made.dialect == "mysql":
        cursor.take_one("KEY", "INDEX")
        if not cursor.is_next("("):
            label = cursor.name()
        if _has_expressions(cursor):
            _index(cursor, table, made, is_unique=True, name=label)
            return
    nulls_distinct = not cursor.take("NULLS", "NOT", "DISTINCT")
    cursor.take("NULLS", "DISTINCT")
    columns = _columns(cursor, table, made)
    include: tuple[str, ...] = ()
    deferrable: str | None = None
    if cursor.take("INCLUDE"):
        include = cursor.names()
    if cursor.take("DEFERRABLE"):
        deferrable = "immediate"
    if cursor.take("INITIALLY"):
        deferrable = cursor.next().text.lower()
    _rest(cursor, table, made, f"UNIQUE of {table.name}")
    if len(columns) == 1 and nulls_distinct and not include and deferrable is None:
        table.change(columns[0], made.node(line), "unique", unique=True)
        made.label(label, table.name, columns[0], "unique")
        return
    kept = None if made.dialect == "duckdb" else label
    if made.dialect == "mysql" and kept is None:
        kept = columns[0]
    unique = UniqueKey(
        columns,
        kept,
        is_declared=True,
        nulls_distinct=nulls_distinct,
        include=include,
        deferrable=deferrable,
    )
    table.add_unique_key(unique, made.node(line))


def _has_expressions(cursor: Cursor) -> bool:
    """Whether an index has more in its brackets than names of columns."""
    position = cursor.position
    parts = [one.rest() for one in cursor.parts(cursor.brackets())]
    cursor.go_back(position)
    plain = (TokenKind.WORD, TokenKind.NAME)
    return any(len(part) != 1 or part[0].kind not in plain for part in parts)


def _index(
    cursor: Cursor, table: TableBuilder, made: Made, *, is_unique: bool, name: str | None = None
) -> None:
    if name is None and not cursor.is_next("("):
        name = cursor.name()
    _using(cursor)
    if not _has_expressions(cursor):
        columns = _columns(cursor, table, made)
        table.indexes.append(Index(name or columns[0], columns, is_unique=is_unique))
        return
    parts = [one.script.span(one.rest()) for one in cursor.parts(cursor.brackets())]
    definition = "(" + ", ".join(part.removesuffix(" ASC") for part in parts) + ")"
    table.indexes.append(Index(name or "index", (), definition, is_unique, "mysql"))


def _options(cursor: Cursor, table: TableBuilder, made: Made) -> None:
    """Read what follows the brackets of CREATE TABLE."""
    if made.dialect == "sqlite":
        words = [" ".join(token.text.upper() for token in one.rest()) for one in cursor.parts(cursor.rest())]
        table.options = TableOptions(tuple(sorted(words)), "sqlite") if words else None
        if "WITHOUT ROWID" in words:
            for name in table.key:
                table.columns[name] = replace(table.columns[name], required=True)
        return
    while cursor.has_more:
        line = cursor.line
        if cursor.take("COMMENT"):
            cursor.take("=")
            table.description = text_of(cursor.next(), made.dialect) or None
        elif made.dialect == "mysql" and cursor.take("COLLATE"):
            cursor.take("=")
            name = cursor.name()
            # A script does not say what its database has; the usual ones are taken for that.
            has_texts = any(pa.types.is_string(one.type) for one in table.columns.values())
            if has_texts and name.lower() not in _USUAL_COLLATIONS:
                table.options = TableOptions((f"COLLATE {name}",), "mysql")
        elif cursor.take("PARTITION", "BY"):
            cursor.rest()
            made.note(
                line, f"PARTITION BY of {table.name} has no effect: the rows of all partitions are one table."
            )
        elif cursor.take("WITH"):
            made.note(line, f"WITH ({cursor.expression()[:60]}) of {table.name} has no effect.")
        elif cursor.take("INHERITS"):
            cursor.brackets()
        else:
            _storage_option(cursor, made)


def _storage_option(cursor: Cursor, made: Made) -> None:
    """Pass an option about where and how an engine keeps a table; those that every table of a dump has say nothing."""
    line = cursor.line
    cursor.take("DEFAULT")
    word = "CHARSET" if cursor.take("CHARACTER", "SET") else cursor.next().keyword
    has_value = word in _OF_EVERY_TABLE or word in ("TABLESPACE", "USING", "ROW_FORMAT")
    if cursor.take("=") or (has_value and cursor.has_more):
        cursor.next()
    elif word == "ON":
        cursor.take("COMMIT")
        cursor.rest()
        word = "ON COMMIT"
    if word and word not in _OF_EVERY_TABLE and word[0].isalpha():
        made.note_once(line, f"The table option {word}", "contracts do not say how a server keeps tables")


def comment_of(cursor: Cursor, dialect: str) -> str | None:
    """Pass what follows IS in COMMENT ON; None for NULL."""
    cursor.need("IS")
    token = cursor.next()
    return None if token.keyword == "NULL" else text_of(token, dialect)

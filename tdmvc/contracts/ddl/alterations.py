"""Reads ALTER TABLE: what dumps add to tables behind their rows, and what migrations change."""

from collections.abc import Callable
from dataclasses import replace

from tdmvc.contracts.ddl.clauses import read_identity
from tdmvc.contracts.ddl.columns import default_of
from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.made import Made
from tdmvc.contracts.ddl.tables import add_column, add_constraint
from tdmvc.contracts.ddl.type_words import read_type, typed
from tdmvc.contracts.tables import TableBuilder
from tdmvc.model.declarations import Identity
from tdmvc.model.schema import Column

_CONSTRAINTS = (
    "CONSTRAINT",
    "PRIMARY",
    "UNIQUE",
    "CHECK",
    "FOREIGN",
    "EXCLUDE",
    "KEY",
    "INDEX",
    "FULLTEXT",
    "SPATIAL",
)
_SILENT = frozenset(
    {"OWNER", "ENABLE", "DISABLE", "VALIDATE", "ENGINE", "AUTO_INCREMENT", "CONVERT", "CLUSTER"}
)

_WITHOUT_MEANING = frozenset({"ENABLE", "DISABLE", "VALIDATE", "AUTO_INCREMENT", "ENGINE"})
"""What dumps write around rows, and what changes nothing that a contract could say."""


def alter_table(cursor: Cursor, made: Made) -> None:
    """Read what follows ALTER TABLE.

    Raises:
        ConfigError: it names a table or a column that the script did not make.
    """
    cursor.take("IF", "EXISTS")
    cursor.take("ONLY")
    line = cursor.line
    name = cursor.qualified_name()
    cursor.take("*")
    rest = cursor.rest()
    words = Cursor(cursor.script, rest, cursor.path)
    word = words.peek.keyword
    if word in _SILENT or word in ("SET", "REPLICA"):
        if word not in _WITHOUT_MEANING:
            what = f"ALTER TABLE … {word}"
            made.note_once(line, what, "contracts do not say who owns tables and how a server keeps them")
        return
    table = made.table(name)
    if table is None and name in made.partitions:
        return
    if table is None:
        made.note(line, f"ALTER TABLE {name} has no effect: the script did not make the table.")
        return
    for action in cursor.parts(rest):
        _action(action, table, made)


def _action(cursor: Cursor, table: TableBuilder, made: Made) -> None:
    line = cursor.line
    if cursor.take("ADD"):
        if cursor.peek.keyword in _CONSTRAINTS:
            add_constraint(cursor, table, made)
            return
        cursor.take("COLUMN")
        cursor.take("IF", "NOT", "EXISTS")
        if cursor.is_next("("):
            for part in cursor.parts(cursor.brackets()):
                add_column(part, table, made)
        else:
            add_column(cursor, table, made)
    elif cursor.take("ALTER", "CONSTRAINT"):
        # Only when a reference is checked may change.
        return
    elif cursor.take("ALTER"):
        cursor.take("COLUMN")
        _alter_column(cursor, table, made)
    elif (word := cursor.take_one("MODIFY", "CHANGE")) is not None:
        cursor.take("COLUMN")
        _replace_column(cursor, table, made, is_renamed=word == "CHANGE")
    elif cursor.take("RENAME"):
        _rename(cursor, table, made)
    elif cursor.take("DROP"):
        _drop(cursor, table, made)
    elif cursor.take("ATTACH", "PARTITION"):
        partition = cursor.qualified_name()
        made.tables.pop(partition, None)
        made.partitions.add(partition)
    elif cursor.peek.keyword not in _SILENT:
        made.note(line, f"ALTER TABLE {table.name} {cursor.script.span(cursor.rest())[:60]} has no effect.")


def _own(cursor: Cursor, table: TableBuilder, made: Made) -> str:
    """Pass the name of a column of a table."""
    line = cursor.line
    name = made.own_column(table, cursor.name())
    table.check_names((name,), made.node(line))
    return name


def _alter_column(cursor: Cursor, table: TableBuilder, made: Made) -> None:
    node = made.node(cursor.line)
    name = _own(cursor, table, made)

    def change(**changes: object) -> None:
        table.columns[name] = replace(table.columns[name], **changes)  # type: ignore[arg-type]

    if cursor.take("SET", "DEFAULT"):
        default = default_of(cursor, table.columns[name], made.sequences)
        if isinstance(default, Identity):
            change(identity=default)
        else:
            change(default=default)
    elif cursor.take("DROP", "DEFAULT"):
        change(default=None, identity=None)
    elif cursor.take("SET", "NOT", "NULL"):
        table.change(name, node, "required", required=True)
    elif cursor.take("DROP", "NOT", "NULL"):
        change(required=False)
    elif cursor.take("ADD", "GENERATED"):
        is_always = cursor.take("ALWAYS")
        if not is_always:
            cursor.need("BY", "DEFAULT")
        cursor.need("AS", "IDENTITY")
        change(identity=read_identity(cursor, is_always=is_always))
    elif cursor.take("TYPE") or cursor.take("SET", "DATA", "TYPE"):
        written = read_type(cursor)
        type_, physical = typed(cursor, written, made.types)
        chain = made.types.chain(written.words) if made.dialect == "postgresql" else ()
        change(type=type_, physical_type=physical, user_types=chain)
    elif cursor.peek.keyword != "SET" and cursor.peek.keyword != "RESTART":
        raise cursor.error("Expected a change of a column")


def _replace_column(cursor: Cursor, table: TableBuilder, made: Made, *, is_renamed: bool) -> None:
    old = _own(cursor, table, made)
    if not is_renamed:
        cursor.go_back(cursor.position - 1)
    order = list(table.columns)
    before = table.columns.pop(old)
    words = add_column(cursor, table, made)
    new = words.column.name
    column = table.columns[new]
    table.columns[new] = replace(
        column, unique=column.unique or before.unique, required=column.required or old in table.key
    )
    if words.after is None:
        table.order_columns(new if name == old else name for name in order)
    if new != old:
        _renamed(table, old, new)


def _rename(cursor: Cursor, table: TableBuilder, made: Made) -> None:
    if cursor.take("TO") or cursor.take("AS"):
        rename_table(table, cursor.qualified_name(), made)
    elif cursor.take("CONSTRAINT") or cursor.take("INDEX") or cursor.take("KEY"):
        old = cursor.name()
        cursor.need("TO")
        new = cursor.name()
        table.checks = [replace(one, name=new) if one.name == old else one for one in table.checks]
        table.unique_keys = [replace(one, name=new) if one.name == old else one for one in table.unique_keys]
        table.indexes = [replace(one, name=new) if one.name == old else one for one in table.indexes]
    else:
        cursor.take("COLUMN")
        old = _own(cursor, table, made)
        cursor.need("TO")
        new = cursor.name()
        order = list(table.columns)
        table.columns[new] = replace(table.columns.pop(old), name=new)
        table.order_columns(new if name == old else name for name in order)
        _renamed(table, old, new)
        for other in made.tables.values():
            other.references = [
                replace(one, to=tuple(new if name == old else name for name in one.to))
                if one.table == table.name
                else one
                for one in other.references
            ]


def rename_table(table: TableBuilder, new: str, made: Made) -> None:
    """Give a table another name, also where references lead to it."""
    old = table.name
    if new in made.tables:
        raise table.node.error(f"The table '{new[:80]}' exists already.")
    made.tables = {(new if name == old else name): one for name, one in made.tables.items()}
    table.name = new
    for other in made.tables.values():
        other.references = [replace(one, table=new) if one.table == old else one for one in other.references]


def _renamed(table: TableBuilder, old: str, new: str) -> None:
    """Change the name of a column in all that a table declares, but not inside of expressions."""

    def names(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(new if name == old else name for name in columns)

    table.key = names(table.key)
    table.unique_keys = [replace(one, columns=names(one.columns)) for one in table.unique_keys]
    table.references = [replace(one, columns=names(one.columns)) for one in table.references]
    table.indexes = [replace(one, columns=names(one.columns)) for one in table.indexes]
    table.declared = [(names(columns), word, node) for columns, word, node in table.declared]


def _drop(cursor: Cursor, table: TableBuilder, made: Made) -> None:
    if cursor.take("CONSTRAINT") or cursor.take("CHECK") or cursor.take("INDEX") or cursor.take("KEY"):
        cursor.take("IF", "EXISTS")
        name = cursor.name()
        _drop_named(table, name, made)
    elif cursor.take("PRIMARY", "KEY"):
        table.key = ()
    elif cursor.take("FOREIGN", "KEY"):
        _drop_named(table, cursor.name(), made)
    else:
        cursor.take("COLUMN")
        is_lenient = cursor.take("IF", "EXISTS")
        if is_lenient and made.own_column(table, cursor.peek.name) not in table.columns:
            return
        name = _own(cursor, table, made)
        gone: Column = table.columns.pop(name)
        keeps: Callable[[tuple[str, ...]], bool] = lambda columns: name not in columns  # noqa: E731
        table.key = table.key if keeps(table.key) else ()
        table.unique_keys = [one for one in table.unique_keys if keeps(one.columns)]
        table.references = [one for one in table.references if keeps(one.columns)]
        table.indexes = [one for one in table.indexes if keeps(one.columns)]
        schema = table.build().with_columns((gone,))
        table.checks = [one for one in table.checks if not schema.columns_in(one.expression)]


def _drop_named(table: TableBuilder, name: str, made: Made) -> None:
    """Remove a constraint or an index by its name, or by the name that the engine gives to one without."""
    table.checks = [one for one in table.checks if one.name != name]
    table.unique_keys = [one for one in table.unique_keys if one.name != name]
    table.indexes = [one for one in table.indexes if one.name != name]
    table.references = [
        one
        for one in table.references
        if (table.name, *one.columns, "references") not in made.labels.get(name, ())
        and name != f"{table.name}_{'_'.join(one.columns)}_fkey"
    ]
    if name == f"{table.name}_pkey" or (table.name, "key") in made.labels.get(name, ()):
        table.key = ()
    for column in list(table.columns):
        is_own = name in (f"{table.name}_{column}_key", column)
        if is_own or (table.name, column, "unique") in made.labels.get(name, ()):
            table.columns[column] = replace(table.columns[column], unique=False)

"""CREATE TABLE in the words of MySQL and MariaDB, for a session in which a backslash escapes."""

import re
from collections.abc import Collection, Mapping

import pyarrow as pa

from tdmvc.databases.mysql.names import quoted, quoted_names
from tdmvc.databases.statements import bracketed, literal_sql
from tdmvc.model.declarations import Default, ForeignKey, Index
from tdmvc.model.schema import Column, TableSchema

_UNBRACKETED = re.compile(r"(?:CURRENT_TIMESTAMP|NOW)(?:\(\d*\))?", re.IGNORECASE)
_ON_UPDATE = re.compile(r".* ON UPDATE \S+", re.IGNORECASE | re.DOTALL)
_LONG = ("text", "blob", "json", "geometry")
_PREFIX_CHARACTERS = 191


def create_statement(
    name: str, schema: TableSchema, types: Mapping[str, str], exact: Collection[str], *, is_mariadb: bool
) -> str:
    """Return the CREATE TABLE statement for a table.

    Args:
        name: the table, as SQL.
        exact: columns that compare texts by their characters, unless they declare how.
    """
    indexed = {index.columns for index in schema.indexes if index.is_unique}
    lines = []
    for column in schema.columns:
        words = [quoted(column.name), types[column.name]]
        if column.collation is not None:
            words.append(f"COLLATE {column.collation.name}")
        elif column.name in exact:
            words.append(f"COLLATE {exact_collation(is_mariadb=is_mariadb)}")
        words += _words(column, types[column.name], is_mariadb=is_mariadb)
        is_unique = column.unique and schema.key != (column.name,) and (column.name,) not in indexed
        lines.append(" ".join([*words, "UNIQUE"] if is_unique else words))
    if schema.key:
        lines.append(f"PRIMARY KEY ({quoted_names(schema.key)})")
    for unique in schema.unique_keys:
        lines.append(
            f"UNIQUE KEY {quoted(unique.name) if unique.name else ''} ({quoted_names(unique.columns)})"
        )
    for check in schema.checks:
        label = f"CONSTRAINT {quoted(check.name)} " if check.name else ""
        lines.append(f"{label}CHECK {bracketed(check.expression)}")
    options = ["ENGINE=InnoDB"]
    if schema.options is not None:
        # A collation says its charset.
        options += schema.options.words
    else:
        options.append("DEFAULT CHARSET=utf8mb4")
    if schema.description:
        options.append(f"COMMENT={escaped(schema.description[:2048])}")
    return f"CREATE TABLE {name} (\n  " + ",\n  ".join(lines) + f"\n) {' '.join(options)}"


def exact_collation(*, is_mariadb: bool) -> str:
    """Return the collation that compares texts by their characters, with the spaces at their ends."""
    return "utf8mb4_nopad_bin" if is_mariadb else "utf8mb4_0900_bin"


def _words(column: Column, type_: str, *, is_mariadb: bool) -> list[str]:
    words = []
    if column.generated is not None:
        kind = "STORED" if column.generated.is_stored else "VIRTUAL"
        words.append(f"GENERATED ALWAYS AS {bracketed(column.generated.expression)} {kind}")
        if not is_mariadb and column.required:
            words.append("NOT NULL")
    else:
        # Without NULL, a timestamp of an old server is NOT NULL.
        words.append("NOT NULL" if column.required else "NULL")
        if column.default is not None and column.identity is None:
            words.append(f"DEFAULT {_default(column.default, column, type_, is_mariadb=is_mariadb)}")
        if column.identity is not None:
            words.append("AUTO_INCREMENT")
    if column.description:
        words.append(f"COMMENT {escaped(column.description[:1024])}")
    return words


def _default(default: Default, column: Column, type_: str, *, is_mariadb: bool) -> str:
    if default.literal is None:
        expression = str(default.expression)
        is_plain = _UNBRACKETED.fullmatch(expression) or _ON_UPDATE.fullmatch(expression)
        return expression if is_plain else bracketed(expression)
    literal = default.literal
    if pa.types.is_boolean(column.type):
        return {"true": "1", "false": "0"}.get(literal.lower(), escaped(literal))
    if type_.startswith("bit"):
        return f"b{escaped(literal)}"
    # MySQL takes only expressions as defaults of long values.
    is_long = not is_mariadb and any(word in type_ for word in _LONG)
    text = literal_sql(literal, column.type, escaped)
    return f"({text})" if is_long else text


def index_statement(table: str, schema: TableSchema, index: Index) -> str:
    """Return the CREATE INDEX statement for an index."""
    unique = "UNIQUE " if index.is_unique else ""
    what = index.definition
    if what is None:
        what = "(" + ", ".join(_indexed(schema, name) for name in index.columns) + ")"
    return f"CREATE {unique}INDEX {quoted(index.name)} ON {table} {what}"


def _indexed(schema: TableSchema, name: str) -> str:
    column = schema.column(name)
    is_long = (
        column is not None
        and (pa.types.is_string(column.type) or pa.types.is_binary(column.type))
        and column.length_limit is None
        and column.declared_type not in ("uuid", "inet4", "inet6")
        and not column.declared_type.startswith(
            ("enum", "set", "binary", "varbinary", "bit", "date", "time", "decimal")
        )
    )
    return f"{quoted(name)}({_PREFIX_CHARACTERS})" if is_long else quoted(name)


def reference_statement(table: str, reference: ForeignKey, parent: str) -> str:
    """Return the statement that declares a reference of a table that is there."""
    actions = reference.actions
    words = [f"ON DELETE {actions.on_delete.upper()}", f"ON UPDATE {actions.on_update.upper()}"]
    return (
        f"ALTER TABLE {table} ADD FOREIGN KEY ({quoted_names(reference.columns)}) "
        f"REFERENCES {parent} ({quoted_names(reference.to)}) {' '.join(words)}"
    )


def escaped(text: str) -> str:
    """Return a text as a literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''").replace("\0", "\\0") + "'"

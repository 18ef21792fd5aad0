"""Writes the columns of tables in scripts of CREATE TABLE: types, and where a value comes from if nobody gives one."""

import re
from collections.abc import Callable
from dataclasses import replace

import pyarrow as pa

from tdmvc.arrow.types import format_type, is_number
from tdmvc.contracts.ddl.conditions import quote_for, text_for
from tdmvc.contracts.ddl.written_types import is_keyed, type_read_back, written_type
from tdmvc.model.declarations import Identity
from tdmvc.model.schema import Column, TableSchema
from tdmvc.sql.portable import engine_name

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class ColumnWriter:
    """Writes columns for one engine."""

    def __init__(self, dialect: str, note: Callable[[TableSchema, str, str], None]) -> None:
        """Make a writer.

        Args:
            note: reports what of a table is not written, and why.
        """
        self._dialect = dialect
        self._note = note
        self._quote = quote_for(dialect)

    def column(self, table: TableSchema, column: Column) -> str:
        """Return a column of CREATE TABLE."""
        type_ = written_type(column, self._dialect, is_keyed=is_keyed(table, column))
        if not column.user_types and not column.is_untyped:
            self._note_type(table, column, type_)
        words = [self._quote(column.name), type_]
        is_numbered = (
            column.identity is not None and self._dialect == "sqlite" and table.key == (column.name,)
        )
        if is_numbered:
            words = [self._quote(column.name), "INTEGER PRIMARY KEY AUTOINCREMENT"]
        elif column.required or column.name in table.key:
            words.append("NOT NULL")
        if column.collation is not None:
            if column.collation.dialect == self._dialect:
                words.append(f"COLLATE {column.collation.name}")
            else:
                why = f"only {engine_name(column.collation.dialect)} has it"
                self._note(table, f"The collation of {column.name}", why)
        if column.unique and table.key != (column.name,):
            words.append("UNIQUE")
        words += self._origin(table, column)
        if self._dialect == "mysql" and column.description:
            words.append(f"COMMENT {text_for(column.description, self._dialect)}")
        return " ".join(word for word in words if word)

    def _note_type(self, table: TableSchema, column: Column, type_: str) -> None:
        """Note what a script says of a column's type otherwise than the contract."""
        read = type_read_back(type_, self._dialect)
        if read != column.type:
            what = f"The type {column.type_text} of {column.name}"
            self._note(table, what, f"the script has {type_}, which is read as {format_type(read)}")
        written = replace(column, physical_type=type_, max_length=None)
        is_limit = column.max_length is not None and written.length_limit == column.max_length
        if written.length_limit is not None and column.length_limit is None:
            what = f"A text without a limit of its length in {column.name}"
            self._note(table, what, f"{engine_name(self._dialect)} needs one for keys, which is {type_}")
        elif is_limit and self._dialect in ("postgresql", "mysql"):
            why = f"{type_} refuses longer texts; whoever reads the script takes it for a warning"
            self._note(table, f"A CHECK of the length of {column.name}", why)

    def has_sequence(self, column: Column) -> bool:
        """Whether the numbers of a column come from a sequence that has a name of its own."""
        is_able = self._dialect in ("postgresql", "duckdb")
        return is_able and column.identity is not None and column.identity.sequence is not None

    def _origin(self, table: TableSchema, column: Column) -> list[str]:
        """Return where a value comes from if nobody gives one."""
        if column.generated is not None:
            if column.generated.dialect == self._dialect:
                kind = (
                    ""
                    if self._dialect == "duckdb"
                    else " STORED"
                    if column.generated.is_stored
                    else " VIRTUAL"
                )
                return [f"GENERATED ALWAYS AS ({column.generated.expression}){kind}"]
            self._note(
                table,
                f"The expression of {column.name}",
                f"it is written for {engine_name(column.generated.dialect)}",
            )
        if column.identity is not None:
            if self.has_sequence(column):
                return [f"DEFAULT nextval({text_for(str(column.identity.sequence), self._dialect)})"]
            if self._dialect == "postgresql":
                options = sequence_options(column.identity)
                always = "ALWAYS" if column.identity.is_always else "BY DEFAULT"
                return [f"GENERATED {always} AS IDENTITY{f' ({options})' if options else ''}"]
            if self._dialect == "mysql" and table.key[:1] == (column.name,):
                return ["AUTO_INCREMENT"]
            if self._dialect != "sqlite" or table.key != (column.name,):
                self._note(
                    table,
                    f"The identity of {column.name}",
                    f"{engine_name(self._dialect)} has no such column",
                )
            return []
        default = column.default
        if default is None:
            return []
        if default.literal is not None:
            return [f"DEFAULT {self._literal(column, default.literal)}"]
        if default.dialect == self._dialect:
            expression = str(default.expression)
            return [f"DEFAULT {expression}" if self._dialect == "mysql" else f"DEFAULT ({expression})"]
        self._note(
            table, f"The default of {column.name}", f"it is written for {engine_name(default.dialect)}"
        )
        return []

    def _literal(self, column: Column, literal: str) -> str:
        if pa.types.is_boolean(column.type) and literal in ("true", "false"):
            return str(int(literal == "true")) if self._dialect in ("sqlite", "mysql") else literal
        if is_number(column.type) and _NUMBER.fullmatch(literal):
            return literal
        text = text_for(literal, self._dialect)
        has_no_literal = written_type(column, self._dialect, is_keyed=False) in (
            "longtext",
            "text",
            "longblob",
        )
        return f"({text})" if self._dialect == "mysql" and has_no_literal else text


def sequence_options(identity: Identity) -> str:
    """Return the words of a sequence: its start and its increment."""
    words = [f"START WITH {identity.start}"] if identity.start is not None else []
    words += [f"INCREMENT BY {identity.increment}"] if identity.increment is not None else []
    return " ".join(words)

"""Reads the types and the words of columns in CREATE TABLE and ALTER TABLE."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import pyarrow as pa

from tdmvc.contracts.ddl.clauses import read_identity, read_reference
from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.defaults import clock, read_default, text_of
from tdmvc.contracts.ddl.types import SERIALS, KnownTypes, WrittenType, column_type
from tdmvc.model.declarations import Collation, Default, ForeignKey, Generated, Identity
from tdmvc.model.schema import Column
from tdmvc.sql.tokens import Token, TokenKind, unwrapped

_STOPS: Final = frozenset(
    {"CONSTRAINT", "NOT", "NULL", "DEFAULT", "PRIMARY", "UNIQUE", "CHECK", "REFERENCES", "COLLATE"}
    | {"GENERATED", "AS", "AUTO_INCREMENT", "AUTOINCREMENT", "COMMENT", "CHARSET", "ON", "KEY", "DEFERRABLE"}
    | {"STORAGE", "COMPRESSION", "USING", "INVISIBLE", "VISIBLE", "VIRTUAL", "STORED", "PERSISTENT", "FIRST"}
    | {"AFTER", "OPTIONS", "ENCRYPTED", "SRID", "COLUMN_FORMAT", "INITIALLY", "MATCH"}
)
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_NEXTVAL = re.compile(r"nextval\s*\(\s*'([^']+)'\s*(?:::regclass\s*)?\)", re.IGNORECASE)


@dataclass(slots=True)
class ColumnWords:
    """What a column says beside its name, and what of that belongs to its table."""

    column: Column
    line: int
    is_key: bool = False
    checks: list[tuple[str, str | None, int]] = field(default_factory=list)
    """Condition, name and line."""
    reference: ForeignKey | None = None
    lines: dict[str, int] = field(default_factory=dict)
    """The line of each word: `required`, `unique`, `references`."""
    notes: list[tuple[int, str]] = field(default_factory=list)


def read_type(cursor: Cursor) -> WrittenType:
    """Pass a type; SQLite's columns may have none."""
    start = cursor.position
    words: list[str] = []
    arguments: tuple[str, ...] = ()
    tail: list[str] = []
    dimensions = 0
    while cursor.has_more:
        token = cursor.peek
        word = token.keyword
        if word == "(" and (words or tail):
            arguments = _arguments(cursor)
        elif word in ("[", "ARRAY"):
            dimensions += 1
            while cursor.next().keyword != "]" and cursor.has_more and word == "[":
                pass
            if word == "ARRAY" and cursor.take("["):
                cursor.next()
                cursor.take("]")
        elif word == "." and words:
            cursor.next()
            schema, name = words.pop(), _type_word(cursor.next(), "")
            words.append(name if schema in ("public", "pg_catalog", "main") else f"{schema}.{name}")
        elif token.kind is TokenKind.SIGN or word in _STOPS or cursor.is_next("CHARACTER", "SET"):
            break
        elif token.kind in (TokenKind.WORD, TokenKind.NAME):
            (tail if arguments else words).append(_type_word(cursor.next(), cursor.script.dialect))
        else:
            break
    text = cursor.script.span(cursor.since(start))
    split = _split_words(words, arguments)
    return WrittenType(split[0], arguments, " ".join([*split[1], *tail]), dimensions, text)


def _split_words(words: list[str], arguments: Sequence[str]) -> tuple[str, list[str]]:
    """Return the name of a type, and the words that follow it."""
    for place, word in enumerate(words):
        if place and word in ("unsigned", "signed", "zerofill"):
            return " ".join(words[:place]), words[place:]
    return " ".join(words), []


def _type_word(token: Token, dialect: str) -> str:
    if token.kind is TokenKind.WORD:
        return token.text.lower()
    name = token.name
    return name if _PLAIN_NAME.fullmatch(name) or dialect in ("sqlite", "mysql") else token.text


def _arguments(cursor: Cursor) -> tuple[str, ...]:
    return tuple(cursor.script.span(one.rest()) for one in cursor.parts(cursor.brackets()))


def read_column(
    cursor: Cursor, known: KnownTypes, sequences: dict[str, tuple[int, int]], table: str
) -> ColumnWords:
    """Read a column: its name, its type and its words.

    Args:
        sequences: start and increment of those that the script made, by name.

    Raises:
        ConfigError: it is wrong.
    """
    line = cursor.line
    name = cursor.name()
    written = read_type(cursor)
    type_, physical = typed(cursor, written, known)
    chain = known.chain(written.words) if cursor.script.dialect == "postgresql" else ()
    column = Column(name, type_, physical, user_types=chain)
    words = ColumnWords(column, line)
    if written.words in SERIALS and cursor.script.dialect == "postgresql":
        words.column = _with(words.column, required=True, identity=Identity(sequence=f"{table}_{name}_seq"))
        words.lines["required"] = line
    if written.words == "serial" and cursor.script.dialect == "mysql":
        words.column = _with(words.column, required=True, unique=True, identity=Identity())
    reader = _ColumnReader(cursor, words, sequences)
    while cursor.has_more:
        reader.word()
    return words


def typed(cursor: Cursor, written: WrittenType, known: KnownTypes) -> tuple[pa.DataType, str | None]:
    """Return the canonical and the physical type of what was written.

    Raises:
        ConfigError: it is no type.
    """
    dialect = cursor.script.dialect
    has_labels = written.words in ("enum", "set", "struct", "map", "union", "row")
    if dialect != "sqlite" and not has_labels:
        if not written.words:
            raise cursor.error("Expected a type")
        if written.words.split(" ")[0] in (
            "numeric",
            "decimal",
            "dec",
            "varchar",
            "float",
            "char",
            "bit",
        ) and not all(_NUMBER.fullmatch(one) or one.lower() == "max" for one in written.arguments):
            raise cursor.error(f"The length of the type '{written.text[:60]}' is no number")
    try:
        return column_type(written, dialect, known)
    except (ValueError, IndexError, pa.ArrowException, RecursionError):
        raise cursor.error(f"'{written.text[:60]}' is no type") from None


def _with(column: Column, **changes: object) -> Column:
    return replace(column, **changes)  # type: ignore[arg-type]


class _ColumnReader:
    def __init__(self, cursor: Cursor, words: ColumnWords, sequences: dict[str, tuple[int, int]]) -> None:
        self._cursor = cursor
        self._words = words
        self._sequences = sequences
        self._dialect = cursor.script.dialect
        self._name: str | None = None

    def _set(self, **changes: object) -> None:
        self._words.column = _with(self._words.column, **changes)

    def word(self) -> None:
        """Pass one constraint or option of the column."""
        cursor, words = self._cursor, self._words
        line = cursor.line
        if cursor.take("CONSTRAINT"):
            self._name = cursor.name()
            return
        if cursor.take("NOT", "NULL"):
            self._set(required=True)
            words.lines["required"] = line
            self._on_conflict()
        elif cursor.take("NULL") or cursor.take("ASC") or cursor.take("VISIBLE"):
            pass
        elif cursor.take("DEFAULT"):
            self._default()
        elif cursor.take("PRIMARY", "KEY"):
            self._key(line)
        elif cursor.take("AUTO_INCREMENT"):
            self._set(identity=Identity())
        elif cursor.take("UNIQUE"):
            cursor.take("KEY")
            self._set(unique=True)
            words.lines["unique"] = line
            self._on_conflict()
        elif cursor.take("CHECK"):
            words.checks.append((unwrapped(cursor.expression()), self._name, line))
            if cursor.take("NO", "INHERIT") or cursor.take("ENFORCED"):
                pass
        elif cursor.take("REFERENCES"):
            words.reference = read_reference(cursor, (words.column.name,))
            words.lines["references"] = line
        elif cursor.take("COLLATE"):
            self._collation()
        elif cursor.take("GENERATED"):
            self._generated()
        elif cursor.take("AS"):
            self._computed()
        elif cursor.take("COMMENT"):
            self._set(description=text_of(cursor.next(), self._dialect) or None)
        elif cursor.take("ON", "UPDATE"):
            self._on_update()
        elif cursor.take("CHARACTER", "SET") or cursor.take("CHARSET"):
            cursor.next()
        else:
            token = cursor.next()
            if cursor.is_next("("):
                cursor.brackets()
            words.notes.append(
                (line, f"'{token.text[:40]}' of the column {words.column.name} has no effect.")
            )
        self._name = None

    def _on_conflict(self) -> None:
        if self._cursor.take("ON", "CONFLICT"):
            self._cursor.next()

    def _key(self, line: int) -> None:
        cursor = self._cursor
        self._words.is_key = True
        self._words.lines["key"] = line
        cursor.take("ASC")
        is_descending = cursor.take("DESC")
        self._on_conflict()
        if cursor.take("AUTOINCREMENT"):
            self._set(identity=Identity())
        if self._dialect == "sqlite":
            # A column INTEGER PRIMARY KEY is the number of the row, which is never null.
            is_number = (self._words.column.physical_type or "").upper() == "INTEGER" and not is_descending
            if is_number:
                self._set(required=True)

    def _default(self) -> None:
        default = default_of(self._cursor, self._words.column, self._sequences)
        if isinstance(default, Identity):
            self._set(identity=default)
        else:
            self._set(default=default)

    def _on_update(self) -> None:
        cursor = self._cursor
        start = cursor.position
        cursor.next()
        if cursor.is_next("("):
            cursor.brackets()
        updated = clock(cursor.script.span(cursor.since(start)))
        before = self._words.column.default
        if before is None:
            words = "NULL"
        elif before.literal is not None:
            words = "'" + before.literal.replace("'", "''") + "'"
        else:
            words = str(before.expression)
        self._set(default=Default(expression=f"{words} ON UPDATE {updated}", dialect=self._dialect))

    def _collation(self) -> None:
        cursor = self._cursor
        cursor.take("=")
        start = cursor.position
        name = cursor.qualified_name()
        if self._dialect in ("duckdb", "postgresql"):
            name = cursor.script.span(cursor.since(start))
        if name.upper() == "BINARY" and self._dialect == "sqlite":
            return
        self._set(collation=Collation(name.removeprefix("pg_catalog."), self._dialect))

    def _generated(self) -> None:
        cursor = self._cursor
        is_always = cursor.take("ALWAYS")
        if not is_always:
            cursor.need("BY", "DEFAULT")
        cursor.need("AS")
        if cursor.take("IDENTITY"):
            self._set(identity=read_identity(cursor, is_always=is_always), required=True)
            self._words.lines["required"] = self._words.line
            return
        self._computed()

    def _computed(self) -> None:
        cursor = self._cursor
        expression = cursor.expression()
        if cursor.take_one("STORED", "PERSISTENT") is not None:
            is_stored = True
        else:
            cursor.take("VIRTUAL")
            is_stored = False
        if self._dialect in ("duckdb", "postgresql"):
            expression = unwrapped(expression)
        self._set(generated=Generated(expression, is_stored, self._dialect))


def default_of(
    cursor: Cursor, column: Column, sequences: dict[str, tuple[int, int]]
) -> Default | Identity | None:
    """Pass an expression behind DEFAULT; return what it gives the column: numbers of a sequence, or a value."""
    start = cursor.position
    if cursor.is_next("("):
        cursor.brackets()
    else:
        cursor.next()
    while cursor.has_more and cursor.peek.keyword not in _STOPS and cursor.peek.keyword != ",":
        if cursor.is_next("("):
            cursor.brackets()
        else:
            cursor.next()
    tokens = cursor.since(start)
    text = cursor.script.span(tokens)
    found = _NEXTVAL.fullmatch(unwrapped(text))
    if found is not None:
        name = found[1].replace('"', "").removeprefix("public.").removeprefix("main.")
        first, step = sequences.get(name, (1, 1))
        if cursor.script.dialect == "duckdb":
            return Identity(increment=None if step == 1 else step, sequence=name)
        usual = 1 if step > 0 else -1
        return Identity(False, None if first == usual else first, None if step == 1 else step, name)
    return read_default(text, tokens, column.type, cursor.script.dialect)

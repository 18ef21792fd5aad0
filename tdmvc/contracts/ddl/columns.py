"""Reads the words of columns in CREATE TABLE and ALTER TABLE."""

import re
from dataclasses import dataclass, field, replace

from tdmvc.contracts.ddl.clauses import read_identity, read_reference
from tdmvc.contracts.ddl.cursor import Cursor
from tdmvc.contracts.ddl.defaults import clock, read_default, text_of
from tdmvc.contracts.ddl.type_words import NEXT_WORDS, read_type, typed, without_attributes
from tdmvc.contracts.ddl.types import SERIALS, KnownTypes
from tdmvc.model.declarations import Collation, Default, ForeignKey, Generated, Identity
from tdmvc.model.schema import Column
from tdmvc.sql.tokens import unwrapped

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
    after: str | None = None
    """The column that it is put behind; empty for the first place, None for the place that it has."""
    notes: list[tuple[int, str]] = field(default_factory=list)


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
    written, attributes = without_attributes(read_type(cursor), cursor.script.dialect)
    type_, physical = typed(cursor, written, known)
    chain = known.chain(written.words) if cursor.script.dialect == "postgresql" else ()
    column = Column(name, type_, physical, user_types=chain)
    words = ColumnWords(column, line)
    words.notes += [(line, f"'{one}' of the column {name} has no effect.") for one in attributes]
    if written.words in SERIALS and cursor.script.dialect == "postgresql":
        words.column = _with(words.column, required=True, identity=Identity(sequence=f"{table}_{name}_seq"))
        words.lines["required"] = line
    if written.words == "serial" and cursor.script.dialect == "mysql":
        words.column = _with(words.column, required=True, unique=True, identity=Identity())
    reader = _ColumnReader(cursor, words, sequences)
    while cursor.has_more:
        reader.word()
    return words


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
        elif self._dialect == "mysql" and cursor.take("FIRST"):
            words.after = ""
        elif self._dialect == "mysql" and cursor.take("AFTER"):
            words.after = cursor.name()
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
    while cursor.has_more and cursor.peek.keyword not in NEXT_WORDS and cursor.peek.keyword != ",":
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

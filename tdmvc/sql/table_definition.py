"""Reads CREATE TABLE of SQLite and DuckDB for what their catalogs do not tell: conditions, collations, conflicts."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tdmvc.sql.token_reader import TokenReader, split_at_commas
from tdmvc.sql.tokens import Token, span, tokens

_TABLE_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
_OPENING, _CLOSING = "(", ")"


@dataclass(slots=True)
class ColumnDefinition:
    """What CREATE TABLE says of a column beside its type."""

    name: str
    default: str | None = None
    """The SQL text, without brackets around it."""
    collation: str | None = None
    generated: str | None = None
    is_stored: bool = False


@dataclass(frozen=True, slots=True)
class NamedColumns:
    """The columns of a constraint, and the name that it has, if any."""

    columns: tuple[str, ...]
    name: str | None


@dataclass(slots=True)
class TableDefinition:
    """What CREATE TABLE says of a table."""

    columns: dict[str, ColumnDefinition] = field(default_factory=dict)
    """By name in lower case, as SQLite compares names."""
    checks: list[tuple[str, str | None]] = field(default_factory=list)
    """Condition and name, in the order of the text."""
    unique: list[NamedColumns] = field(default_factory=list)
    deferrable: list[str | None] = field(default_factory=list)
    """Of each reference in the order of the text: `immediate` or `deferred`; None if it is not deferrable."""
    numbered: str | None = None
    """The column that is AUTOINCREMENT."""
    is_descending_alias: bool = False
    """Whether the column is INTEGER PRIMARY KEY DESC, which is no other name for the rowid."""
    words: list[str] = field(default_factory=list)
    """The table's options, such as STRICT."""
    left_out: list[str] = field(default_factory=list)
    """Clauses that a contract has no field for."""


def read_definition(sql: str) -> TableDefinition:
    """Return what a CREATE TABLE statement that its engine accepted says."""
    return _Reader(sql, tokens(sql), TableDefinition()).read()


class _Reader(TokenReader):
    """Reads a statement token by token."""

    def __init__(self, sql: str, part: Sequence[Token], table: TableDefinition) -> None:
        """Start at the first of some tokens of a statement, which add to what is known of its table."""
        super().__init__(part)
        self._sql = sql
        self._table = table

    def read(self) -> TableDefinition:
        while self.has_more and not self.is_next(_OPENING):
            self._at += 1
        for part in split_at_commas(self._brackets()):
            inner = _Reader(self._sql, part, self._table)
            if part[0].keyword in _TABLE_CONSTRAINTS:
                inner._constraints(None)
            else:
                inner._at = 1
                column = ColumnDefinition(part[0].name)
                self._table.columns[column.name.lower()] = column
                inner._constraints(column)
        options = [token for token in self.rest() if token.keyword != ";"]
        words = [" ".join(token.text.upper() for token in part) for part in split_at_commas(options)]
        self._table.words = sorted(words)
        return self._table

    def _brackets(self) -> Sequence[Token]:
        """Pass a pair of brackets, and return what is between them."""
        self._at += 1
        start, depth = self._at, 1
        while depth and self.has_more:
            sign = self.next().keyword
            depth += (sign == _OPENING) - (sign == _CLOSING)
        return self._tokens[start : self._at - 1]

    def _constraints(self, column: ColumnDefinition | None) -> None:
        """Read the constraints of a column, or of the table."""
        name: str | None = None
        while self.has_more:
            if self.take("CONSTRAINT"):
                name = self.next().name
                continue
            if self._one_constraint(column, name):
                name = None

    def _one_constraint(self, column: ColumnDefinition | None, name: str | None) -> bool:
        """Read one constraint; tell whether it was one, and no part of a type."""
        if self.take("PRIMARY", "KEY"):
            self._key(column, name)
        elif self.take("UNIQUE"):
            self._unique(column, name)
        elif self.take("CHECK"):
            expression = span(self._sql, self._brackets())
            self._table.checks.append((expression, name))
            self._on_conflict(f"CHECK ({expression})")
        elif self.take("FOREIGN", "KEY"):
            self._brackets()
        elif self.take("REFERENCES"):
            self._reference(name)
        elif column is None:
            self._at += 1
            return False
        else:
            return self._of_column(column, name)
        return True

    def _of_column(self, column: ColumnDefinition, name: str | None) -> bool:
        if self.take("NOT", "NULL") or self.take("NULL"):
            self._on_conflict(f"NOT NULL of {column.name}")
        elif self.take("DEFAULT"):
            column.default = self._default()
        elif self.take("COLLATE"):
            column.collation = self.next().name
            while self.take("."):
                column.collation += f".{self.next().name}"
        elif self.take("GENERATED", "ALWAYS", "AS") or self.take("AS"):
            column.generated = span(self._sql, self._brackets())
            column.is_stored = self.take("STORED")
            self.take("VIRTUAL")
        elif self.is_next(_OPENING):
            self._brackets()  # of a type
            return False
        else:
            self._at += 1
            return False
        self._note_name(name)
        return True

    def _default(self) -> str:
        if self.is_next(_OPENING):
            return span(self._sql, self._brackets())
        start = self._at
        while self.is_next("+") or self.is_next("-"):
            self._at += 1
        self._at += 1
        return span(self._sql, self.since(start))

    def _key(self, column: ColumnDefinition | None, name: str | None) -> None:
        if column is None:
            part = self._brackets()
            names, is_numbered = self._column_list(part, "PRIMARY KEY")
            self._table.numbered = names[0] if is_numbered else self._table.numbered
        else:
            names = (column.name,)
            if self.take("DESC"):
                self._table.is_descending_alias = True
            self.take("ASC")
        self._on_conflict(f"PRIMARY KEY ({', '.join(names)})")
        if column is not None and self.take("AUTOINCREMENT"):
            self._table.numbered = column.name
        self._note_name(name)

    def _unique(self, column: ColumnDefinition | None, name: str | None) -> None:
        names = (column.name,) if column is not None else self._column_list(self._brackets(), "UNIQUE")[0]
        self._table.unique.append(NamedColumns(names, name))
        self._on_conflict(f"UNIQUE ({', '.join(names)})")
        if len(names) == 1:
            self._note_name(name)

    def _column_list(self, part: Sequence[Token], what: str) -> tuple[tuple[str, ...], bool]:
        """Return the columns of a key, and whether AUTOINCREMENT follows them."""
        names, is_numbered = [], False
        for one in split_at_commas(part):
            names.append(one[0].name)
            words = [token.keyword for token in one[1:]]
            is_numbered = is_numbered or "AUTOINCREMENT" in words
            if any(word in ("COLLATE", "DESC") for word in words):
                self._table.left_out.append(f"{span(self._sql, one[1:])} of {names[-1]} in {what}")
        return tuple(names), is_numbered

    def _reference(self, name: str | None) -> None:
        target = self.next().name
        if self.is_next(_OPENING):
            self._brackets()
        deferrable: str | None = None
        while self.has_more:
            if self.take("ON"):
                self._at += 1  # DELETE or UPDATE
                if self.take("SET") or self.take("NO"):
                    pass
                self._at += 1
            elif self.take("MATCH"):
                self._table.left_out.append(f"MATCH {self.next().text} of the reference to {target}")
            elif self.take("NOT", "DEFERRABLE"):
                self._initially()
            elif self.take("DEFERRABLE"):
                deferrable = self._initially()
            else:
                break
        self._table.deferrable.append(deferrable)
        self._note_name(name)

    def _initially(self) -> str:
        if not self.take("INITIALLY"):
            return "immediate"
        return self.next().text.lower()

    def _on_conflict(self, what: str) -> None:
        if self.take("ON", "CONFLICT"):
            action = self.next().keyword
            if action != "ABORT":
                self._table.left_out.append(f"ON CONFLICT {action} of {what}")

    def _note_name(self, name: str | None) -> None:
        if name is not None:
            self._table.left_out.append(f"the name {name} of a constraint")

"""Writes a contract as a script of CREATE TABLE, with each rule that a constraint can say."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from tdmvc.contracts.base import ExportedContract, Note
from tdmvc.contracts.ddl.column_writing import ColumnWriter, sequence_options
from tdmvc.contracts.ddl.conditions import NotSaidError, condition_of, quote_for, text_for
from tdmvc.contracts.ddl.script import DIALECTS, full_dialect
from tdmvc.contracts.ddl.written_types import is_keyed, written_type
from tdmvc.contracts.unsaid import NOWHERE, unsaid
from tdmvc.errors import UsageError
from tdmvc.model.declarations import NO_ACTION, ForeignKey, TypeKind, UserType
from tdmvc.model.finding import Severity
from tdmvc.model.rules import NO_ROWS, Condition, Length, Place, References, Required, Rule, Unique, Values
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.sql.portable import engine_name

_NOT_OF_MYSQL: Final = ("set default", "restrict")
_ALTERS: Final = frozenset({"postgresql", "mysql"})
"""Engines that add references to tables that are there, so that these may lead in circles."""


class DdlWriter:
    """Writes SQL for one engine; the option `dialect` names it."""

    name: Final = "sql"

    def write(
        self, contract: Contract, rules: tuple[Rule, ...], options: Mapping[str, str]
    ) -> ExportedContract:
        """Return the script.

        Raises:
            UsageError: the dialect is unknown.
        """
        dialect = full_dialect(options.get("dialect", "postgresql"))
        if dialect not in DIALECTS:
            raise UsageError(
                f"The dialect '{dialect[:40]}' is unknown.", remedy=f"use one of: {', '.join(DIALECTS)}."
            )
        return _Writing(contract, rules, dialect).write()


class _Writing:
    def __init__(self, contract: Contract, rules: tuple[Rule, ...], dialect: str) -> None:
        self._contract = contract
        self._rules = rules
        self._dialect = dialect
        self._quote = quote_for(dialect)
        self._notes: list[Note] = []
        self._columns = ColumnWriter(dialect, self._note)

    def write(self) -> ExportedContract:
        tables, late = self._ordered()
        statements = [*self._schemas(), *self._types(), *self._sequences()]
        for table in tables:
            statements.append(
                self._create(table, [one for one in table.references if one not in late[table.name]])
            )
            statements += self._further(table)
        for table in tables:
            for reference in late[table.name]:
                if self._dialect in _ALTERS:
                    statements.append(
                        f"ALTER TABLE {self._table(table.name)} ADD {self._reference(table, reference)}"
                    )
                else:
                    self._note(
                        table, f"The reference {reference}", "references of the tables lead in a circle"
                    )
        self._notes += unsaid(tables, self._contract, "SQL", is_of_databases=True)
        return ExportedContract(
            "".join(f"{one};\n\n" for one in statements).rstrip("\n") + "\n", tuple(self._notes)
        )

    def _note(self, table: TableSchema, what: str, why: str, place: Place | None = None) -> None:
        where = place or next(iter(table.places.values()), NOWHERE)
        self._notes.append(Note(where, f"{what} of {table.name} is not written: {why}."))

    def _ordered(self) -> tuple[list[TableSchema], dict[str, list[ForeignKey]]]:
        """Return the tables, each behind those that it refers to, and the references that have to wait."""
        waiting = dict(self._contract.tables)
        done: list[TableSchema] = []
        late: dict[str, list[ForeignKey]] = {name: [] for name in waiting}
        while waiting:
            ready = [
                one
                for one in waiting.values()
                if not ({r.table for r in one.references} & (waiting.keys() - {one.name}))
            ]
            if not ready:
                first = next(iter(waiting.values()))
                late[first.name] = [
                    r for r in first.references if r.table in waiting and r.table != first.name
                ]
                ready = [first]
            for one in ready:
                done.append(one)
                del waiting[one.name]
        return done, late

    def _table(self, name: str) -> str:
        schema, dot, own = name.partition(".")
        if dot and self._dialect in ("postgresql", "duckdb"):
            return f"{self._quote(schema)}.{self._quote(own)}"
        return self._quote(name)

    def _schemas(self) -> Iterator[str]:
        if self._dialect in ("postgresql", "duckdb"):
            names = dict.fromkeys(name.partition(".")[0] for name in self._contract.tables if "." in name)
            yield from (f"CREATE SCHEMA IF NOT EXISTS {self._quote(name)}" for name in names)

    def _types(self) -> Iterator[str]:
        if self._dialect != "postgresql":
            return
        found: dict[str, UserType] = {}
        for table in self._contract.tables.values():
            for column in table.columns:
                found |= {one.name: one for one in column.user_types if one.dialect == "postgresql"}
        for one in found.values():
            if one.kind is TypeKind.ENUM:
                labels = ", ".join(text_for(label, self._dialect) for label in one.labels)
                yield f"CREATE TYPE {one.name} AS ENUM ({labels})"
            elif one.kind is TypeKind.DOMAIN:
                yield f"CREATE DOMAIN {one.name} AS {one.definition}"
            else:
                yield f"CREATE TYPE {one.name} AS {one.definition}"

    def _sequences(self) -> Iterator[str]:
        for table in self._contract.tables.values():
            for column in table.columns:
                if column.identity is not None and self._columns.has_sequence(column):
                    options = sequence_options(column.identity)
                    name = self._table(str(column.identity.sequence))
                    yield f"CREATE SEQUENCE {name} {options}".rstrip()

    def _create(self, table: TableSchema, references: list[ForeignKey]) -> str:
        lines = [self._columns.column(table, column) for column in table.columns]
        numbered = self._dialect == "sqlite" and any(
            one.identity is not None and table.key == (one.name,) for one in table.columns
        )
        if table.key and not numbered:
            lines.append(f"PRIMARY KEY ({self._names(table.key)})")
        for unique in table.unique_keys:
            named = f"CONSTRAINT {self._quote(unique.name)} " if unique.name else ""
            if not unique.nulls_distinct and self._dialect != "postgresql":
                self._note(
                    table,
                    f"The unique key {unique}",
                    f"to {engine_name(self._dialect)} each null is another value",
                )
                continue
            words = "UNIQUE" if unique.nulls_distinct else "UNIQUE NULLS NOT DISTINCT"
            if self._dialect == "postgresql" and unique.include:
                include = f" INCLUDE ({self._names(unique.include)})"
            else:
                include = ""
            when = f" DEFERRABLE INITIALLY {unique.deferrable.upper()}" if unique.deferrable else ""
            lines.append(
                f"{named}{words} ({self._names(unique.columns)}){include}"
                + (when if self._dialect == "postgresql" else "")
            )
        lines += self._checks(table)
        lines += [self._reference(table, one) for one in references if self._has_target(table, one)]
        comment = ""
        if self._dialect == "mysql" and table.description:
            comment = f" COMMENT = {text_for(table.description, self._dialect)}"
        options = (
            table.options.words
            if table.options is not None and table.options.dialect == self._dialect
            else ()
        )
        unlogged = "UNLOGGED " if "UNLOGGED" in options else ""
        if self._dialect == "sqlite" and options:
            comment = f" {', '.join(options)}"
        return (
            f"CREATE {unlogged}TABLE {self._table(table.name)} (\n  " + ",\n  ".join(lines) + f"\n){comment}"
        )

    def _has_target(self, table: TableSchema, reference: ForeignKey) -> bool:
        target = self._contract.tables.get(reference.table)
        if target is not None and any(set(one) == set(reference.to) for one in target.unique_sets):
            return True
        self._note(
            table, f"The reference {reference}", "its columns identify no row of a table of the contract"
        )
        return False

    def _checks(self, table: TableSchema) -> Iterator[str]:
        """Yield what a CHECK can say of the rules; a note for each other rule."""
        for rule in self._rules:
            if rule.table != table.name or self._is_said(rule, table):
                continue
            if rule.severity is not Severity.ERROR or rule.threshold != NO_ROWS:
                self._note(
                    table,
                    f"The rule {rule.id}",
                    "it allows some rows to break it, and a constraint allows none",
                    rule.place,
                )
                continue
            try:
                condition = condition_of(rule, table, self._dialect)
            except NotSaidError as why:
                self._note(table, f"The rule {rule.id}", str(why), rule.place)
                continue
            named = ""
            if isinstance(rule.test, Condition) and rule.test.check.name:
                named = f"CONSTRAINT {self._quote(rule.test.check.name)} "
            yield f"{named}CHECK ({condition}\n  )" if "--" in condition else f"{named}CHECK ({condition})"

    def _is_said(self, rule: Rule, table: TableSchema) -> bool:
        """Whether the table says a rule by something else than a CHECK."""
        own = rule not in table.further_rules
        match rule.test:
            case Required() | Unique() | References() if own:
                return True
            case Length(None, int() as limit) if own and len(rule.columns) == 1:
                column = table.column(rule.columns[0])
                return column is not None and self._has_length(table, column, rule, limit)
            case Values() if own:
                column = table.column(rule.columns[0])
                return column is not None and self._has_enum(column)
            case Condition() if len(rule.columns) == 1:
                column = table.column(rule.columns[0])
                domains = (
                    [one.name for one in column.user_types if one.kind is TypeKind.DOMAIN] if column else []
                )
                return self._dialect == "postgresql" and any(rule.id.endswith(f".{name}") for name in domains)
        return False

    def _has_length(self, table: TableSchema, column: Column, rule: Rule, limit: int) -> bool:
        """Whether the type of a column limits its texts to a number of characters."""
        type_ = written_type(column, self._dialect, is_keyed=is_keyed(table, column))
        is_enforced = rule.severity is Severity.WARNING or self._dialect in ("postgresql", "mysql")
        return (
            is_enforced
            and self._dialect != "duckdb"
            and replace(column, physical_type=type_, max_length=None).length_limit == limit
        )

    def _has_enum(self, column: Column) -> bool:
        type_ = written_type(column, self._dialect, is_keyed=False)
        return type_ == column.physical_type and (
            bool(column.user_types) or type_.lower().startswith("enum(")
        )

    def _reference(self, table: TableSchema, reference: ForeignKey) -> str:
        actions = reference.actions
        kept = actions
        if self._dialect == "duckdb":
            kept = replace(kept, on_delete=NO_ACTION, on_update=NO_ACTION, deferrable=None)
        if self._dialect == "mysql":
            kept = replace(kept, deferrable=None)
            # The server refuses one of these actions, and takes the other for NO ACTION.
            kept = replace(
                kept,
                on_delete=NO_ACTION if kept.on_delete in _NOT_OF_MYSQL else kept.on_delete,
                on_update=NO_ACTION if kept.on_update in _NOT_OF_MYSQL else kept.on_update,
            )
        words = [word.upper() for word in kept.words]
        lost = [word.upper() for word in actions.words if word not in kept.words]
        if self._dialect == "postgresql":
            words = ["MATCH FULL", *words] if actions.is_full else words
            if actions.set_columns:
                changed = f"ON DELETE {actions.on_delete.upper()}"
                words = [
                    f"{one} ({self._names(actions.set_columns)})" if one == changed else one for one in words
                ]
        else:
            lost += ["MATCH FULL"] if actions.is_full else []
            lost += (
                [f"the columns {', '.join(actions.set_columns)} of ON DELETE"] if actions.set_columns else []
            )
        if lost:
            what = f"{', '.join(lost)} of the reference {reference.ends}"
            self._note(table, what, f"{engine_name(self._dialect)} has no such word for references")
        target = f"{self._table(reference.table)} ({self._names(reference.to)})"
        return " ".join([f"FOREIGN KEY ({self._names(reference.columns)}) REFERENCES {target}", *words])

    def _names(self, names: tuple[str, ...]) -> str:
        return ", ".join(map(self._quote, names))

    def _further(self, table: TableSchema) -> Iterator[str]:
        """Yield indexes and comments."""
        for index in table.indexes:
            unique = "UNIQUE " if index.is_unique else ""
            if index.definition is not None and index.dialect != self._dialect:
                self._note(
                    table, f"The index {index.name}", f"it is written for {engine_name(index.dialect)}"
                )
                continue
            what = index.definition if index.definition is not None else f"({self._names(index.columns)})"
            yield f"CREATE {unique}INDEX {self._quote(index.name)} ON {self._table(table.name)} {what}"
        if self._dialect == "sqlite":
            described = [*([table.name] if table.description else [])]
            described += [one.name for one in table.columns if one.description]
            if described:
                self._note(
                    table, f"The description of {', '.join(described)}", "SQLite has no comments on columns"
                )
        if self._dialect in ("postgresql", "duckdb"):
            name = self._table(table.name)
            if table.description:
                yield f"COMMENT ON TABLE {name} IS {text_for(table.description, self._dialect)}"
            for column in table.columns:
                if column.description:
                    text = text_for(column.description, self._dialect)
                    yield f"COMMENT ON COLUMN {name}.{self._quote(column.name)} IS {text}"

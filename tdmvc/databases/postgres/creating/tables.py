"""Makes tables and views with all that they declare; what the database refuses is left out, and reported."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn

from tdmvc.databases.base import TableToWrite
from tdmvc.databases.clauses import check_clause, fit, reference_clause
from tdmvc.databases.dialects import for_dialect, make_views, views_for_dialect
from tdmvc.databases.findings import left_out, type_finding
from tdmvc.databases.postgres.catalog.relations import Schemas, naming_from, read_relations
from tdmvc.databases.postgres.catalog.tables import read_declared
from tdmvc.databases.postgres.catalog.types import DIALECT
from tdmvc.databases.postgres.connection import PostgresConnection
from tdmvc.databases.postgres.creating.column_types import TypeChooser, canonical_sql
from tdmvc.databases.postgres.creating.declaring import (
    Names,
    reference_statement,
    sequence_statement,
    table_statement,
    type_statement,
    unvalidated_checks,
    view_statement,
)
from tdmvc.databases.postgres.creating.expressions import find_unsafe
from tdmvc.databases.postgres.encoding.checking import check_table
from tdmvc.databases.postgres.encoding.target_columns import read_target_columns
from tdmvc.databases.statements import comment_statements, create_index
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import View
from tdmvc.model.finding import Finding
from tdmvc.model.schema import TableSchema
from tdmvc.sql.quoting import quote_name

_ACTIONS = frozenset({"no action", "restrict", "cascade", "set null", "set default"})
_NOT_ONE = "its SQL is more than one declaration"
_STOPS = frozenset({None, "57014", "55P03", "40P01", "53100", "53200", "57P01", "42501"})
"""Errors that have nothing to do with what is declared; None is a lost connection."""


def _has_expression(schema: TableSchema) -> bool:
    """Whether CREATE TABLE holds SQL of a contract."""
    return bool(schema.checks) or any(
        column.generated is not None
        or column.collation is not None
        or (column.default is not None and column.default.expression is not None)
        for column in schema.columns
    )


class _RefusedError(Exception):
    """The database refuses a declaration."""


@dataclass(slots=True)
class _Creation:
    """Makes tables in one transaction."""

    connection: PostgresConnection
    schemas: Schemas
    findings: list[Finding] = field(default_factory=list)
    unfilled: list[str] = field(default_factory=list)
    """Materialised views, as SQL, in an order in which their rows can be computed."""

    @property
    def names(self) -> Names:
        return Names(self.schemas.names)

    def attempt(self, statement: str, *, has_expression: bool = True) -> str | None:
        """Run a statement that may hold SQL of a contract; return why the database refuses it."""
        try:
            with self.connection.transaction():
                self._run(statement, has_expression=has_expression)
        except _RefusedError as error:
            return str(error)
        return None

    def _run(self, statement: str, *, has_expression: bool) -> None:
        try:
            # In this protocol, one statement is all that a text can be.
            self.connection.cursor(binary=True).execute(statement, binary=True)
        except self.connection.DatabaseError as error:
            if error.sqlstate in _STOPS:
                raise
            raise _RefusedError(f"PostgreSQL says: {error.diag.message_primary or error.sqlstate}") from None
        if has_expression and (unsafe := find_unsafe(self.connection)) is not None:
            raise _RefusedError(f"it calls {unsafe}, which may do more than compute a value")

    def make_table(self, table: TableToWrite, types: Mapping[str, str]) -> TableSchema:
        """Make a table without references and indexes, and return what it declares."""
        schema = replace(self._with_free_names(table.schema), references=(), indexes=())
        unique = tuple(index for index in table.schema.indexes if index.is_unique)

        def try_(attempt: TableSchema, *, is_kept: bool = False) -> str | None:
            try:
                with self.connection.transaction():
                    statement = table_statement(replace(attempt, indexes=unique), types, self.names)
                    self._run(statement, has_expression=_has_expression(attempt))
                    made = read_target_columns(self.connection, self.names.sql(attempt.name))
                    # An expression can close its bracket, and declare a column of its own.
                    if list(made) != list(attempt.column_names):
                        raise _RefusedError(_NOT_ONE)
                    if not is_kept:
                        self.connection.execute(f"DROP TABLE {self.names.sql(attempt.name)}")
            except _RefusedError as error:
                return str(error)
            return None

        made = schema
        found: list[Finding] = []
        if try_(schema, is_kept=True) is not None:
            made, found = fit(schema, try_)
            if (why := try_(made, is_kept=True)) is not None:
                self._refuse_table(schema, why)
        self.findings += found
        return replace(made, references=table.schema.references, indexes=table.schema.indexes)

    def _refuse_table(self, schema: TableSchema, why: str) -> NoReturn:
        raise DatabaseError(
            f"The table {schema.name} cannot be made: {why}. Nothing was changed.",
            where=f"database {self.connection.info.dbname}",
            remedy="if another session has just made it, run the same command again; otherwise change what the "
            "dataset declares, or leave the table out with --tables.",
        )

    def _with_free_names(self, schema: TableSchema) -> TableSchema:
        """Return a table whose unique keys have no names of other objects: the indexes below them have the same."""
        if not any(key.name for key in schema.unique_keys):
            return schema
        own_schema, own_name = self.names.split(schema.name)
        rows = self.connection.execute(
            "SELECT c.relname::text FROM pg_catalog.pg_class c WHERE c.relnamespace = to_regnamespace(%s)",
            [quote_name(own_schema)],
        ).fetchall()
        taken = {own_name, *(name for (name,) in rows)}
        keys = []
        for key in schema.unique_keys:
            if key.name in taken:
                why = "another object of the database has it"
                self.findings.append(left_out(f"name {key.name} of the unique key {key}", schema.name, why))
                key = replace(key, name=None)
            taken.add(key.name or own_name)
            keys.append(key)
        return replace(schema, unique_keys=tuple(keys))

    def make_types(self, schema: TableSchema) -> None:
        """Make the types of a table's columns that people made, and that the database lacks."""
        for column in schema.columns:
            for type_ in column.user_types:
                if type_.dialect != DIALECT:
                    continue
                ((is_there,),) = self.connection.execute(
                    "SELECT to_regtype(%s) IS NOT NULL", [type_.name]
                ).fetchall()
                if not is_there and (why := self.attempt(type_statement(type_))) is not None:
                    self.findings.append(left_out(f"type {type_.name}", schema.name, why))

    def make_sequences(self, schema: TableSchema, types: Mapping[str, str]) -> Iterator[str]:
        """Make the sequences that have names of their own; yield what lets the table own them."""
        for column in schema.columns:
            if column.identity is None or column.identity.sequence is None:
                continue
            name = self.names.sql(column.identity.sequence)
            ((is_there,),) = self.connection.execute("SELECT to_regclass(%s) IS NOT NULL", [name]).fetchall()
            if is_there:
                continue
            if self.attempt(sequence_statement(column.identity, types[column.name], self.names)) is None:
                yield f"ALTER SEQUENCE {name} OWNED BY {self.names.sql(schema.name)}.{quote_name(column.name)}"

    def finish_table(self, schema: TableSchema) -> None:
        """Add what a table declares beside its columns and keys, without its references."""
        for check, statement in unvalidated_checks(schema, self.names):
            if (why := self.attempt(statement)) is not None:
                self.findings.append(check_clause(schema, check).finding(schema.name, why))
        for index in schema.indexes:
            has_expression = index.definition is not None
            statement = create_index(schema.name, index, self.names.sql)
            why = self.attempt(statement, has_expression=has_expression)
            if why is not None and "already exists" in why:
                # In PostgreSQL, indexes of different tables cannot have the same name.
                own = f"{self.names.split(schema.name)[1]}_{index.name}"
                statement = create_index(schema.name, replace(index, name=own), self.names.sql)
                why = self.attempt(statement, has_expression=has_expression)
            if why is not None:
                self.findings.append(left_out(f"index {index.name}", schema.name, why))
        for statement in comment_statements(schema, self.names.sql):
            self.connection.execute(statement)

    def make_references(self, schema: TableSchema) -> None:
        """Declare the references of a table, once all tables are there."""
        for reference in schema.references:
            statement = reference_statement(schema, reference, self.names)
            actions = {reference.actions.on_delete, reference.actions.on_update}
            if (why := self.attempt(statement, has_expression=not actions <= _ACTIONS)) is not None:
                self.findings.append(reference_clause(reference).finding(schema.name, why))

    def make_views(self, views: Sequence[View]) -> None:
        """Make views; the rows of materialised ones are computed later."""
        views, found = views_for_dialect(views, DIALECT)
        made, refused = make_views(views, lambda view: self.attempt(view_statement(view, self.names)))
        self.findings += found + refused
        self.unfilled += [self.names.sql(view.name) for view in made if view.is_materialized]


def create_tables(
    connection: PostgresConnection, schemas: Schemas, tables: Sequence[TableToWrite], views: Sequence[View]
) -> tuple[list[Finding], list[str]]:
    """Make tables and views; see `DatabaseTarget.create_tables`.

    Returns:
        What was left out, and the materialised views whose rows have to be computed.
    """
    creation = _Creation(connection, schemas)
    with naming_from(connection, schemas):
        chooser = TypeChooser(connection)
        made = [_make(creation, chooser, table) for table in tables]
        for schema in made:
            creation.make_references(schema)
        creation.make_views(views)
    return creation.findings, creation.unfilled


def _make(creation: _Creation, chooser: TypeChooser, table: TableToWrite) -> TableSchema:
    """Make a table; columns whose declared types would change values get others."""
    schema, found = for_dialect(table.schema, DIALECT)
    creation.findings += found
    creation.make_types(schema)
    canonical = {column.name: canonical_sql(column.type) for column in schema.columns}
    declared = {column.name: chooser.declared(column) for column in schema.columns}
    types = {name: declared[name] or canonical[name] for name in canonical}
    types |= _replaced(creation, TableToWrite(schema, table.read), types, canonical)
    for column in schema.columns:
        name, physical = column.name, column.physical_type
        if physical and declared[name] is not None and types[name] != declared[name]:
            creation.findings.append(type_finding(schema.name, name, physical, types[name]))
    owners = list(creation.make_sequences(schema, types))
    made = creation.make_table(TableToWrite(schema, table.read), types)
    for statement in owners:
        creation.attempt(statement)
    creation.finish_table(made)
    return made


def _replaced(
    creation: _Creation, table: TableToWrite, types: Mapping[str, str], canonical: Mapping[str, str]
) -> dict[str, str]:
    """Return the canonical type of each column whose declared one is read as another, or cannot hold its values."""
    doubtful = [name for name in types if types[name] != canonical[name]]
    if not doubtful:
        return {}
    connection, names = creation.connection, creation.names
    bare = TableSchema(
        table.schema.name, tuple(replace(column, required=False) for column in table.schema.columns)
    )
    bare = bare.with_columns(
        tuple(
            replace(column, default=None, generated=None, identity=None, collation=None, unique=False)
            for column in bare.columns
        )
    )
    replaced: dict[str, str] = {}
    statement = table_statement(bare, types, names)
    if creation.attempt(statement, has_expression=False) is not None:
        for name in doubtful:
            column = bare.column(name)
            assert column is not None
            one = table_statement(bare.with_columns((column,)), types, names)
            if creation.attempt(one, has_expression=False) is None:
                connection.execute(f"DROP TABLE {names.sql(bare.name)}")
            else:
                replaced[name] = canonical[name]
        statement = table_statement(bare, {**types, **replaced}, names)
        connection.execute(statement)
    relations = read_relations(connection, creation.schemas)
    name = creation.schemas.own_name(*names.split(bare.name))
    made = read_declared(connection, creation.schemas, {name: relations[name]})[name].schema
    for one in doubtful:
        own, read = bare.column(one), made.column(one)
        if own is not None and read is not None and own.type != read.type:
            replaced[one] = canonical[one]
    checked = {
        one: column
        for one, column in read_target_columns(connection, names.sql(bare.name)).items()
        if one not in replaced
    }
    found = check_table(connection, TableToWrite(bare, table.read), made, checked)
    replaced |= {one: canonical[one] for finding in found for one in finding.columns}
    connection.execute(f"DROP TABLE {names.sql(bare.name)}")
    return {one: type_ for one, type_ in replaced.items() if one in doubtful}

"""Takes references away from tables while rows are loaded, because DuckDB checks them at each statement.

DuckDB can neither drop a reference nor delete a row that another refers to within the transaction that deletes
this one. A table with references is therefore made again without them, and at the end once more with them.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tdmvc.databases.duckdb.names import AttachedName, own_name, sql_name
from tdmvc.databases.findings import broken_reference
from tdmvc.errors import DatabaseError
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.finding import Finding
from tdmvc.model.reference_order import order_by_references
from tdmvc.sql.duckdb import DuckDBConnection
from tdmvc.sql.quoting import quote_name, quote_names, quote_text
from tdmvc.sql.tokens import Token, tokens


@dataclass(slots=True)
class Definition:
    """A table as DuckDB made it."""

    name: AttachedName
    sql: str
    references: tuple[ForeignKey, ...]
    columns: tuple[str, ...]
    """Those that hold values of their own, and are not computed."""
    indexes: tuple[str, ...]
    comments: tuple[str, ...]


def read_definition(con: DuckDBConnection, name: AttachedName) -> Definition:
    """Return what makes a table."""
    ((sql, comment),) = con.execute(f"SELECT sql, comment FROM duckdb_tables() WHERE {name.where}").fetchall()
    columns = con.execute(
        f"SELECT column_name, comment, is_generated FROM duckdb_columns() WHERE {name.where} ORDER BY column_index"
    ).fetchall()
    references = con.execute(
        "SELECT constraint_column_names, referenced_table, referenced_column_names FROM duckdb_constraints() "
        f"WHERE {name.where} AND constraint_type = 'FOREIGN KEY' ORDER BY constraint_index"
    ).fetchall()
    indexes = con.execute(
        f"SELECT sql FROM duckdb_indexes() WHERE {name.where} AND sql IS NOT NULL ORDER BY index_name"
    ).fetchall()
    comments = [f"COMMENT ON TABLE {name.sql} IS {quote_text(comment)}"] if comment else []
    comments += [
        f"COMMENT ON COLUMN {name.sql}.{quote_name(column)} IS {quote_text(text)}"
        for column, text, _ in columns
        if text
    ]
    return Definition(
        name,
        sql,
        # DuckDB has no references across schemas.
        tuple(
            ForeignKey(tuple(own), own_name(name.schema, target), tuple(to)) for own, target, to in references
        ),
        tuple(column for column, _, is_generated in columns if not is_generated),
        tuple(sql for (sql,) in indexes),
        tuple(comments),
    )


def without_references(sql: str) -> str:
    """Return a CREATE TABLE statement, as DuckDB writes it, without its foreign keys."""
    parts = tokens(sql)
    kept = sql
    for first, last in reversed(list(_foreign_keys(parts))):
        kept = kept[: parts[first].start] + kept[parts[last].end :]
    return kept


def _foreign_keys(parts: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Yield the first and the last token of each foreign key, with the comma before it."""
    for i in range(1, len(parts) - 1):
        if (parts[i].keyword, parts[i + 1].keyword) != ("FOREIGN", "KEY") or parts[i - 1].keyword != ",":
            continue
        end, brackets = i, 0
        # Two lists of columns: its own, and those that it refers to.
        for _ in range(2):
            while parts[end].keyword != "(":
                end += 1
            while True:
                brackets += (parts[end].keyword == "(") - (parts[end].keyword == ")")
                if brackets == 0:
                    break
                end += 1
            end += 1
        yield i - 1, end - 1


class Detached:
    """Tables whose references wait for the end of the transaction."""

    def __init__(self, path: Path, con: DuckDBConnection, database: str) -> None:
        self._path = path
        self._con = con
        self._database = database
        self.tables: dict[str, Definition] = {}
        """By the names that a dataset gives them."""

    def add(self, name: str, definition: Definition) -> None:
        """Remember a table that was made without its references."""
        self.tables[name] = definition

    def detach(self, name: str) -> None:
        """Take the references away from a table, and from all that are connected with it."""
        if name in self.tables:
            return
        definitions = self._connected(name)
        if not any(definition.references for definition in definitions.values()):
            return
        # Each before those that it refers to.
        order = _ordered(definitions)[::-1]
        for number, one in enumerate(order):
            self._con.execute(f"CREATE TEMP TABLE tdmvc_kept_{number} AS FROM {definitions[one].name.sql}")
            self._con.execute(f"DROP TABLE {definitions[one].name.sql}")
        for number, one in enumerate(order):
            definition = definitions[one]
            self._con.execute(without_references(definition.sql))
            names = quote_names(definition.columns)
            self._con.execute(
                f"INSERT INTO {definition.name.sql} ({names}) SELECT {names} FROM tdmvc_kept_{number}"
            )
            self._con.execute(f"DROP TABLE tdmvc_kept_{number}")
            self.tables[one] = definition

    def find_broken(self, names: Collection[str]) -> list[Finding]:
        """Return the references from and to some tables that rows break."""
        findings = []
        for name, definition in self.tables.items():
            for reference in definition.references:
                if name in names or reference.table in names:
                    given = " AND ".join(
                        f"c.{quote_name(column)} IS NOT NULL" for column in reference.columns
                    )
                    match = " AND ".join(
                        f"p.{quote_name(to)} = c.{quote_name(column)}"
                        for column, to in zip(reference.columns, reference.to, strict=True)
                    )
                    ((count,),) = self._con.execute(
                        f"SELECT count(*) FROM {definition.name.sql} c WHERE {given} AND NOT EXISTS "
                        f"(SELECT 1 FROM {sql_name(reference.table)} p WHERE {match})"
                    ).fetchall()
                    if count:
                        findings.append(broken_reference(name, reference.columns, reference.table, count))
        return findings

    def attach(self) -> None:
        """Give all tables their references again.

        Raises:
            DatabaseError: rows break one, which DuckDB does not allow.
        """
        order = _ordered(self.tables)
        for number, one in enumerate(order):
            self._con.execute(f"CREATE TEMP TABLE tdmvc_kept_{number} AS FROM {self.tables[one].name.sql}")
        for one in order:
            self._con.execute(f"DROP TABLE {self.tables[one].name.sql}")
        for number, one in enumerate(order):
            definition = self.tables[one]
            self._con.execute(definition.sql)
            self._fill(one, definition, f"tdmvc_kept_{number}")
            self._con.execute(f"DROP TABLE tdmvc_kept_{number}")
            for statement in (*definition.indexes, *definition.comments):
                self._con.execute(statement)
        self.tables.clear()

    def _fill(self, name: str, definition: Definition, kept: str) -> None:
        """Insert rows, each after those of its own table that it refers to."""
        names, table = quote_names(definition.columns), definition.name.sql
        own = [reference for reference in definition.references if reference.table == name]
        if not own:
            self._con.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {kept}")
            return
        ready = " AND ".join(
            f"({' OR '.join(f'k.{quote_name(column)} IS NULL' for column in reference.columns)} OR "
            f"EXISTS (SELECT 1 FROM {table} AS t WHERE "
            + " AND ".join(
                f"t.{quote_name(to)} = k.{quote_name(column)}"
                for column, to in zip(reference.columns, reference.to, strict=True)
            )
            + "))"
            for reference in own
        )
        while True:
            self._con.execute(
                f"CREATE TEMP TABLE tdmvc_ready AS SELECT k.rowid AS place FROM {kept} AS k WHERE {ready}"
            )
            ((count,),) = self._con.execute(
                f"INSERT INTO {table} ({names}) SELECT {names} FROM {kept} "
                "WHERE rowid IN (SELECT r.place FROM tdmvc_ready AS r)"
            ).fetchall()
            self._con.execute(f"DELETE FROM {kept} WHERE rowid IN (SELECT r.place FROM tdmvc_ready AS r)")
            self._con.execute("DROP TABLE tdmvc_ready")
            if not count:
                break
        ((left,),) = self._con.execute(f"SELECT count(*) FROM {kept}").fetchall()
        if left:
            raise DatabaseError(
                f"{left:,} rows of {name} refer to themselves, in a cycle, or to rows that do not exist, and DuckDB "
                "cannot hold such rows.",
                where=f"{self._path}, table {name}",
                remedy="fix the rows, or make the table without this reference; nothing was changed.",
            )

    def _connected(self, name: str) -> dict[str, Definition]:
        """Return a table, and all that are connected with it by references, over any number of steps."""
        rows = self._con.execute(
            "SELECT schema_name, table_name, referenced_table FROM duckdb_constraints() "
            f"WHERE database_name = {quote_text(self._database)} AND constraint_type = 'FOREIGN KEY'"
        ).fetchall()
        pairs = [(own_name(schema, own), own_name(schema, target)) for schema, own, target in rows]
        found, open_names = {name}, [name]
        while open_names:
            one = open_names.pop()
            near = {b for a, b in pairs if a == one} | {a for a, b in pairs if b == one}
            open_names += near - found
            found |= near
        return {one: read_definition(self._con, self._attached(one)) for one in sorted(found)}

    def _attached(self, name: str) -> AttachedName:
        rows = self._con.execute(
            f"SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = {quote_text(self._database)}"
        ).fetchall()
        schema, table = next((schema, table) for schema, table in rows if own_name(schema, table) == name)
        return AttachedName(self._database, schema, table)


def _ordered(definitions: dict[str, Definition]) -> list[str]:
    """Return the names, each after those that it refers to; DuckDB has no cycles."""
    return order_by_references(
        {name: [reference.table for reference in one.references] for name, one in definitions.items()}
    )

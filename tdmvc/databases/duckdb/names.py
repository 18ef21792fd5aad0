"""Names of tables in DuckDB: a table outside the main schema is called `schema.table`."""

from dataclasses import dataclass

from tdmvc.sql.quoting import quote_name, quote_text

MAIN = "main"
_OWN_SCHEMAS = frozenset({"information_schema", "pg_catalog", "system", "temp"})


@dataclass(frozen=True, slots=True)
class AttachedName:
    """A table's name, with those of its database and schema."""

    database: str
    schema: str
    table: str

    @property
    def sql(self) -> str:
        return f"{quote_name(self.database)}.{quote_name(self.schema)}.{quote_name(self.table)}"

    @property
    def where(self) -> str:
        """An SQL condition that finds the table in DuckDB's catalog."""
        return (
            f"database_name = {quote_text(self.database)} AND schema_name = {quote_text(self.schema)} "
            f"AND table_name = {quote_text(self.table)}"
        )


def own_name(schema: str, name: str) -> str:
    """Return what a dataset calls a table or a view of a schema."""
    return name if schema == MAIN else f"{schema}.{name}"


def schema_name(table: str) -> str | None:
    """Return the schema of a qualified name, or None for a table of the main schema."""
    schema, dot, name = table.partition(".")
    return schema if dot and schema and name and schema.lower() not in _OWN_SCHEMAS else None


def sql_name(table: str) -> str:
    """Return the name of a table as SQL."""
    schema = schema_name(table)
    return (
        quote_name(table) if schema is None else f"{quote_name(schema)}.{quote_name(table.partition('.')[2])}"
    )

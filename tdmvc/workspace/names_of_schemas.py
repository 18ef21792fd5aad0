"""Keeps the name that a dataset gave a table, whether a source calls it `orders` or `public.orders`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from tdmvc.errors import UsageError
from tdmvc.model.source import SourceTable


def names_in_dataset(
    names: Sequence[str], schemas: Sequence[str], known: Collection[str], where: str
) -> dict[str, str]:
    """Return the names that a dataset has for tables of a database, for those that it has under another one.

    A database that is read as one schema has names without it, and one that is read as several has them with it.

    Args:
        names: the tables of the database, as they are read.
        schemas: what is read of it.
        known: the tables of the dataset.

    Raises:
        UsageError: a table of the dataset may be one of several.
    """
    found: dict[str, str] = {}
    if len(schemas) == 1:
        qualified = {name: f"{schemas[0]}.{name}" for name in names if name not in known}
        return {name: other for name, other in qualified.items() if other in known}
    by_table: dict[str, list[str]] = {}
    for name in names:
        schema = next((one for one in schemas if name.startswith(f"{one}.")), None)
        if schema is None:
            return {}  # DuckDB: each table has one name, whatever is read
        by_table.setdefault(name[len(schema) + 1 :], []).append(name)
    for table, same in by_table.items():
        if table not in known or table in names or not {*same}.isdisjoint(known):
            continue
        if len(same) > 1:
            schema = same[0].removesuffix(f".{table}")
            raise UsageError(
                f"The table {table} of the dataset may be any of these: {', '.join(same)}.",
                where=where,
                remedy=f"read the schema that it is of, for example with --schema {schema}; or give up its name first: "
                f"`tdmvc add DATASET --remove {table}`.",
            )
        found[same[0]] = table
    return found


def renamed_source(source: SourceTable, names: Mapping[str, str]) -> SourceTable:
    """Return a table, and the tables to which it refers, with other names."""
    schema = source.schema
    references = tuple(
        replace(reference, table=names.get(reference.table, reference.table))
        for reference in schema.references
    )
    name = names.get(schema.name, schema.name)
    return replace(source, schema=replace(schema, name=name, references=references))

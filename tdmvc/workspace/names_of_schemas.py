"""Keeps the name that a dataset gave a table, whether a source calls it `orders` or `public.orders`."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from tdmvc.errors import UsageError
from tdmvc.model.source import SourceTable


def names_in_dataset(other_names: Mapping[str, str], known: Collection[str], where: str) -> dict[str, str]:
    """Return the names that a dataset has for tables of a database, for those that it has under another one.

    Args:
        other_names: what each table of the database may also be called, by its name as it is read.
        known: the tables of the dataset.

    Raises:
        UsageError: a table of the dataset may be one of several.
    """
    by_other: dict[str, list[str]] = {}
    for name, other in other_names.items():
        if name not in known and other in known and other not in other_names:
            by_other.setdefault(other, []).append(name)
    found: dict[str, str] = {}
    for other, same in by_other.items():
        if len(same) > 1:
            schema = same[0].removesuffix(f".{other}")
            raise UsageError(
                f"The table {other} of the dataset may be any of these: {', '.join(same)}.",
                where=where,
                remedy=f"read the schema that it is of, for example with --schema {schema}; or give up its name first: "
                f"`tdmvc add DATASET --remove {other}`.",
            )
        found[same[0]] = other
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

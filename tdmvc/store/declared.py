"""What a table declares after new rows: a database's declarations replace its old ones, a person's stay."""

from collections.abc import Sequence
from dataclasses import replace

from tdmvc.model.declarations import ForeignKey, Index
from tdmvc.model.schema import Column, TableSchema


def merge_column(old: Column, offered: Sequence[Column], *, is_declared: bool, keeps_rows: bool) -> Column:
    """Return the declarations of a column, with the name and type of the old one.

    Args:
        offered: the column as the sources have it.
        is_declared: whether the sources are databases, which declare what a column must hold.
        keeps_rows: whether rows stay that no source declares anything about.
    """
    required = all(column.required for column in offered)
    unique = all(column.unique for column in offered)
    if not is_declared:
        # A file can show that a column is never null, not that it may be.
        return replace(old, required=required or old.required, unique=unique or old.unique)
    new = offered[0]
    return replace(
        old,
        required=required and (old.required or not keeps_rows),
        unique=unique and (old.unique or not keeps_rows),
        default=new.default,
        generated=new.generated,
        identity=new.identity,
        collation=new.collation,
        user_types=new.user_types,
        description=new.description or old.description,
    )


def merge_table(
    table: TableSchema, sources: Sequence[TableSchema], current: TableSchema | None, *, is_declared: bool
) -> TableSchema:
    """Return the declarations of a table whose columns and key are known.

    Args:
        table: the columns and the key.
        sources: the table as the sources have it.
        current: the table in the contract.
        is_declared: whether a source is a database.
    """
    known = current or TableSchema(table.name, ())
    if not is_declared:
        references = _references(sources) or known.references
        kept = replace(known, name=table.name, key=table.key, references=references)
        return kept.restricted(table.columns)
    references = _references(sources)
    ends = {reference.ends for reference in references}
    unique_keys = tuple(dict.fromkeys(one for source in sources for one in source.unique_keys))
    columns = {one.columns for one in unique_keys}
    checks = tuple(dict.fromkeys(one for source in sources for one in source.checks))
    return replace(
        known,
        name=table.name,
        key=table.key,
        references=(*references, *(o for o in known.references if o.declared is None and o.ends not in ends)),
        unique_keys=(
            *unique_keys,
            *(o for o in known.unique_keys if not o.is_declared and o.columns not in columns),
        ),
        checks=(*checks, *(one for one in known.checks if one.dialect is None and one not in checks)),
        indexes=_indexes(sources),
        options=next((source.options for source in sources), None),
        description=next((s.description for s in sources if s.description), None) or known.description,
    ).restricted(table.columns)


def repeated_references(source: TableSchema) -> list[str]:
    """Return notes on references that a database declares twice: a contract has each once, as the first one says."""
    first: dict[ForeignKey, ForeignKey] = {}
    return [
        f"the reference {one.ends} is declared more than once; kept as {kept}"
        for one in source.references
        if (kept := first.setdefault(one.ends, one)) is not one
    ]


def _references(sources: Sequence[TableSchema]) -> tuple[ForeignKey, ...]:
    found: dict[ForeignKey, ForeignKey] = {}
    for source in sources:
        for one in source.references:
            found.setdefault(one.ends, one)
    return tuple(found.values())


def _indexes(sources: Sequence[TableSchema]) -> tuple[Index, ...]:
    return tuple({one.name: one for source in sources for one in source.indexes}.values())

"""Knows what dataset.yaml's rules mean for one table."""

from fnmatch import fnmatchcase

from tdmvc.changes.pairs import TableRules
from tdmvc.model.dataset import DatasetConfig
from tdmvc.model.schema import TableSchema


def table_rules(config: DatasetConfig, schema: TableSchema) -> TableRules:
    """Return how a table is to be compared.

    A pattern that matches `table.column` ignores a column; `table.*` ignores all rows.
    Where a natural key is named, the primary key is a surrogate: it says nothing, so its
    changes do not count.
    """
    table = schema.name
    patterns = config.ignore
    natural = config.diff[table].key if table in config.diff else ()
    surrogate = set(schema.key) - set(natural) if natural else set()
    ignored = {
        name
        for name in schema.column_names
        if name in surrogate or any(fnmatchcase(f"{table}.{name}", pattern) for pattern in patterns)
    }
    return TableRules(
        key=natural,
        ignored=frozenset(ignored),
        is_ignored=any(
            fnmatchcase(table, pattern.removesuffix(".*")) for pattern in patterns if pattern.endswith(".*")
        ),
    )

"""Which columns of a table must be hidden, by the contracts and by the values that would be shown."""

from collections.abc import Iterable, Iterator

from tdmvc.model.diff import Samples, TableDiff
from tdmvc.model.schema import Column, TableSchema, must_hide
from tdmvc.model.sensitive_values import kind_of_value


def hidden_columns(schemas: Iterable[TableSchema]) -> frozenset[str]:
    """Return the columns whose values must be hidden, by all schemas of a table; see `must_hide`."""
    by_name: dict[str, list[Column]] = {}
    for schema in schemas:
        for column in schema.columns:
            by_name.setdefault(column.name, []).append(column)
    return frozenset(name for name, columns in by_name.items() if must_hide(columns))


def columns_that_look_sensitive(
    cells: Iterable[tuple[str, object]], schemas: Iterable[TableSchema]
) -> dict[str, str]:
    """Return what columns look like whose cells surely look personal or secret, and that no schema classifies.

    This protects rows that were added before anything looked at their values, and the cells that the
    sample of `add` missed: it is meant for the few cells that are about to be shown.
    """
    settled = {column.name for schema in schemas for column in schema.columns if column.is_classified}
    found: dict[str, str] = {}
    for name, value in cells:
        if name not in settled and name not in found and (kind := kind_of_value(value)) is not None:
            found[name] = kind
    return found


def sample_cells(samples: Samples) -> Iterator[tuple[str, object]]:
    """Yield the cells of sampled rows, by column."""
    for row in (*samples.added, *samples.removed):
        yield from row.key.items()
        yield from row.values.items()
    for changed in samples.changed:
        yield from changed.key.items()
        yield from changed.unchanged.items()
        for cell in changed.cells:
            yield cell.column, cell.old
            yield cell.column, cell.new


def shown_cells(diff: TableDiff) -> Iterator[tuple[str, object]]:
    """Yield the cells of a diff's samples and patterns, by column."""
    yield from sample_cells(diff.samples)
    for pattern in diff.patterns:
        for name in pattern.columns:
            yield name, pattern.old
            yield name, pattern.new

"""What a pointer's table holds, ready to be told row by row or part by part."""

from dataclasses import dataclass, field

from tdmvc.model.schema import Column


@dataclass(frozen=True, slots=True)
class PartSpan:
    """One part of a table: what it is called, and from which row to which it reaches."""

    content: str
    """Its content hash."""
    rows: int
    first: tuple[object, ...]
    """The first row's cells in the table's `order`; empty where the part has no rows."""
    last: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class TableContents:
    """A table as one pointer names it: whole where it is small, else its parts."""

    name: str
    content: str
    """The table's content hash."""
    columns: tuple[Column, ...]
    """Those of `order` first, then the others as the parts have them."""
    order: tuple[str, ...]
    """By which columns the rows are sorted: the key, or all columns where there is none."""
    rows: int
    hidden: frozenset[str]
    """Columns whose values are never shown: personal ones, and those that no known contract describes."""
    cells: tuple[tuple[object, ...], ...] | None
    """Every row in order, its cells as `columns`; None for a table too large to be listed."""
    parts: tuple[PartSpan, ...] = ()
    """For a large table: its parts in the order of their rows."""
    mark_key: bytes = field(default=b"", repr=False)
    """This clone's secret, by which a hidden cell gets a mark that tells whether it changed; empty: no marks."""

    @property
    def has_key(self) -> bool:
        """Whether `order` names a row by fewer than all columns."""
        return 0 < len(self.order) < len(self.columns)

"""What goes into building a table, and what comes of it."""

from dataclasses import dataclass

from tdmvc.store.objects import Listing


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A part that is kept already, and whose bytes are used again."""

    md5: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class BuiltTable:
    """What came of building a table."""

    listing: Listing
    rows: int
    size_bytes: int
    """Of all parts."""
    written_bytes: int
    """Of the parts that were not known before."""
    part_rows: dict[str, int]
    """Rows by md5."""
    repeated_keys: int
    """Keys that more than one row has; 0 for a table without a key."""
    null_keys: int
    """Rows with a null in a key column."""

"""What building a table starts from and gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tdmvc.store.objects import Listing


@dataclass(frozen=True, slots=True)
class KnownPart:
    """A part that the store already has, and whose bytes are used again."""

    md5: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class BuiltTable:
    """A table that was built."""

    listing: Listing
    rows: int
    size_bytes: int
    """Of all parts."""
    written_bytes: int
    """Of the parts that were not known before."""
    part_rows: dict[str, int]
    """Rows by md5."""
    repeated_keys: int
    """The number of keys that more than one row has; 0 for a table without a key."""
    null_keys: int
    """Rows with a null in a key column."""
    looks: Mapping[str, str] = field(default_factory=dict)
    """What those of the examined columns look like that look personal or secret, by name."""

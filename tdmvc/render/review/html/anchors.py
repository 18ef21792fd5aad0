"""The anchors of datasets, tables and rows on the page: stable, and safe in any link.

An anchor is made of ASCII letters, digits, `-`, `.`, `_`, `,`, `~` and `/` alone. What needs
other characters gets a short hash after `~`; other ids of the page begin a step with `~`.
A row is named by its key, so that a link survives a new review; if a key column is personal,
or there is no key, by its position among the rows of its kind.
"""

import re
from functools import lru_cache
from hashlib import sha256

from tdmvc.model.diff import TableDiff
from tdmvc.model.review import RowChange
from tdmvc.render.cells import cell_text
from tdmvc.render.review.wording import samples_of

_UNSAFE = re.compile(r"[^A-Za-z0-9._\-]+")
_LONGEST = 48


@lru_cache(maxsize=4096)
def table_anchor(dataset: str, table: str | None = None) -> str:
    """Return the anchor of a table, or of the dataset: `golden/orders`, `golden`."""
    return slug(dataset) if table is None else f"{slug(dataset)}/{slug(table)}"


def row_anchor(
    dataset: str, table: TableDiff, key: dict[str, object], *, change: RowChange, position: int
) -> str:
    """Return the anchor of a row: `golden/orders/10042`, or `golden/customers/changed-3` if the key is hidden.

    Args:
        change: What happened to the row.
        position: Its place among the samples of that kind, from 0.
    """
    start = table_anchor(dataset, table.name)
    if not key or is_key_hidden(table):
        return f"{start}/{change.value}-{position + 1}"
    return f"{start}/{','.join(slug(value) for value in key.values())}"


def is_key_hidden(table: TableDiff) -> bool:
    """Whether rows of the table are named by position."""
    return not table.key or not table.personal_columns.isdisjoint(table.key)


def slug(value: object) -> str:
    """Return a value as one step of an anchor; equal values give equal slugs, different values different ones."""
    plain = value if isinstance(value, str) else cell_text(value)
    safe = _UNSAFE.sub("-", plain)[:_LONGEST]
    if safe == plain and safe:
        return safe
    whole = f"{type(value).__name__}:{value!r}".encode("utf-8", "surrogatepass")
    return f"{safe or '-'}~{sha256(whole).hexdigest()[:8]}"


class RowAnchors:
    """The anchors of a table's samples; all are different, even if a key repeats."""

    def __init__(self, dataset: str, table: TableDiff) -> None:
        self._anchors: dict[RowChange, list[str]] = {}
        taken: set[str] = set()
        for change in (RowChange.REMOVED, RowChange.CHANGED, RowChange.ADDED):
            anchors = self._anchors[change] = []
            for position, sample in enumerate(samples_of(table, change)):
                anchor = row_anchor(dataset, table, sample.key, change=change, position=position)
                if anchor in taken:
                    anchor = f"{anchor}/{change.value}-{position + 1}"
                taken.add(anchor)
                anchors.append(anchor)

    def of(self, change: RowChange, position: int) -> str | None:
        """Return the anchor of a sample, or None if there is no such sample."""
        anchors = self._anchors.get(change, [])
        return anchors[position] if 0 <= position < len(anchors) else None

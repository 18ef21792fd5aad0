"""`git-textconv`: reads the rows that a pointer names, from this clone alone."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from tdmvc.arrow.parquet import read_column
from tdmvc.arrow.values import key_rank, python_values
from tdmvc.formats.config import read_config
from tdmvc.formats.conflict_markers import conflict_texts
from tdmvc.formats.pointers import parse_pointer_text
from tdmvc.gitrepo.repository import GitRepo
from tdmvc.model.dataset import PartSpan, Pointer, RepoConfig, TableContents
from tdmvc.model.schema import Column
from tdmvc.model.sensitive_values import Look
from tdmvc.store.dvc_config import read_dvc_config
from tdmvc.store.index import FileIndex
from tdmvc.store.objects import Listing, ObjectStore
from tdmvc.store.parquet import count_rows, read_order, read_part, read_schema
from tdmvc.store.state_folder import state_folder
from tdmvc.workspace.known_contracts import KnownTable, known_table
from tdmvc.workspace.redaction_key import read_redaction_key

LISTED_ROWS = 50_000
LISTED_CELLS = 250_000
"""Tables up to this size are listed completely, which takes about a second for each side."""
_EXAMINED_ROWS = 500
"""About how many rows are examined for secrets and personal data."""


def read_contents(text: str, path: Path | str = ".") -> tuple[TableContents, ...] | None:
    """Return the table that a pointer's text names; both sides' tables if it has a conflict.

    Fetches nothing, and verifies every object.

    Returns:
        One table or two; None if the text is not a pointer to a table.

    Raises:
        TdmvcError: `path` is not in a repository of tdmvc, or an object is missing or damaged.
    """
    conflict = conflict_texts(text)
    sides = (conflict.ours, conflict.theirs) if conflict else (text,)
    pointers = [parse_pointer_text(side) for side in sides]
    known = [pointer for pointer in pointers if pointer is not None]
    if len(known) < len(pointers):
        return None
    git = GitRepo.find(Path(path))
    reader = _PointerReader(git, read_config(git.work_tree()))
    try:
        return tuple(reader.read(pointer) for pointer in known)
    finally:
        reader.close()


class _PointerReader:
    def __init__(self, git: GitRepo, config: RepoConfig) -> None:
        self._git = git
        self._config = config
        state = state_folder(git.root)
        self._index = FileIndex(state / "index.sqlite")
        cache = read_dvc_config(git.root).cache_dir
        self._objects = ObjectStore(cache, state / "quarantine", self._index)

    def close(self) -> None:
        self._index.close()
        self._git.close()

    def read(self, pointer: Pointer) -> TableContents:
        listing = self._objects.read_listing(pointer.object, pointer.table)
        paths = [self._objects.verified(entry.md5, pointer.table) for entry in listing.entries]
        rows = sum(count_rows(str(path)) for path in paths)
        schema = read_schema(str(paths[0]))
        order = read_order(str(paths[0])) or tuple(schema.names)
        names = (*order, *(name for name in schema.names if name not in order))
        is_listed = rows <= LISTED_ROWS and rows * len(names) <= LISTED_CELLS
        known = known_table(self._git, self._config, pointer.table)
        cells = _all_rows(paths, order, names) if is_listed else None
        parts = () if is_listed else _spans(listing, paths, order if len(order) < len(names) else ())
        return TableContents(
            name=pointer.table,
            content=listing.content,
            columns=tuple(Column(name, read_type) for name, read_type in _types(schema, names)),
            order=order,
            rows=rows,
            hidden=known.hidden_columns(names) | _looks_hidden(known, names, order, cells, parts),
            cells=cells,
            parts=parts,
            redaction_key=read_redaction_key(self._git),
        )


def _looks_hidden(
    known: KnownTable,
    names: tuple[str, ...],
    order: tuple[str, ...],
    cells: Sequence[tuple[object, ...]] | None,
    parts: Sequence[PartSpan],
) -> frozenset[str]:
    """Return the columns whose values look personal or secret, by a sample of the rows that would be shown."""
    settled = {
        column.name for _, schema in known.schemas for column in schema.columns if column.is_classified
    }
    rows = [key for part in parts for key in (part.first, part.last)] if cells is None else cells
    shown = order if cells is None else names
    found = set()
    for place, name in enumerate(shown):
        if name not in settled:
            look = Look()
            look.see(row[place] for row in rows[:: max(1, len(rows) // _EXAMINED_ROWS)] if row)
            if look.kind is not None:
                found.add(name)
    return frozenset(found)


def _types(schema: pa.Schema, names: tuple[str, ...]) -> list[tuple[str, pa.DataType]]:
    return [(name, schema.field(name).type) for name in names]


def _all_rows(
    paths: list[Path], order: tuple[str, ...], names: tuple[str, ...]
) -> tuple[tuple[object, ...], ...]:
    """Return every row in order; the key ranges of parts do not overlap, so only parts are sorted."""
    parts = []
    for path in paths:
        table = read_part(str(path))
        columns = [python_values(table.column(name)) for name in names]
        rows = list(zip(*columns, strict=True))
        if rows:
            parts.append(rows)
    return tuple(
        row for rows in sorted(parts, key=lambda rows: key_rank(rows[0][: len(order)])) for row in rows
    )


def _spans(listing: Listing, paths: list[Path], key: tuple[str, ...]) -> tuple[PartSpan, ...]:
    """Return the parts in the order of their rows, or by name if the table has no key."""
    spans = []
    for entry, path in zip(listing.entries, paths, strict=True):
        rows = count_rows(str(path))
        ends: tuple[tuple[object, ...], ...] = ((), ())
        if key and rows:
            ends = tuple(zip(*(_ends(path, name) for name in key), strict=True))
        spans.append(PartSpan(entry.content, rows, ends[0], ends[-1]))
    return tuple(sorted(spans, key=lambda span: (key_rank(span.first), span.content)))


def _ends(path: Path, name: str) -> list[object]:
    """Return the first and the last value of a column of a part."""
    column = pa.chunked_array([batch.column(name) for batch in read_column(path, name)])
    return [*python_values(column.slice(0, 1)), *python_values(column.slice(len(column) - 1))]

"""Finds the tables that a merge left in conflict, and writes their conflict files."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

from tdmvc.formats.conflict_file import (
    CONFLICT_FOLDER,
    IGNORE_ALL,
    conflict_path,
    parse_conflict_file,
    render_conflict_file,
)
from tdmvc.formats.conflict_markers import render_conflict_texts
from tdmvc.formats.pointers import pointer_text
from tdmvc.gitrepo.trees import OverlaidTree
from tdmvc.merging.unmerged import read_unmerged
from tdmvc.model.merge import UNDECIDED, Conflict, ConflictKind, Resolutions, RowKey, Side, TableMerge
from tdmvc.model.merge_report import ConflictFile, ListedConflict, UnmergedTable
from tdmvc.model.tree import FileTree
from tdmvc.workspace.redaction_key import ensure_redaction_key
from tdmvc.workspace.transaction import Transaction
from tdmvc.workspace.workspace import Workspace

LISTED = 1_000
"""The maximum number of conflicts in a file, so that editors open it easily."""
_MOST_CHARACTERS = 2_000_000
_CUT = 1_000
CONFLICT_IGNORE = f"{CONFLICT_FOLDER}/.gitignore"


def unmerged_tables(workspace: Workspace, dataset: str) -> list[UnmergedTable]:
    """Return the tables of a dataset whose pointers are in conflict in the work tree.

    Raises:
        ConfigError: a side of a conflict is not a pointer to a table.
    """
    return read_unmerged(workspace.git, workspace.tree, workspace.dataset_path(dataset))


def tree_of_ours(workspace: Workspace, unmerged: Sequence[UnmergedTable]) -> FileTree:
    """Return the work tree with our side in place of each conflict, so that the rest of the dataset can be read."""
    return OverlaidTree(
        workspace.tree,
        {
            one.path: pointer_text(pointer) if (pointer := one.pointers[Side.OURS]) else None
            for one in unmerged
        },
    )


def read_conflict_file(workspace: Workspace, unmerged: UnmergedTable) -> ConflictFile | None:
    """Return the table's conflict file, of this conflict or of an earlier one; None if there is none.

    Raises:
        ConfigError: the file is wrong; the error names the line.
    """
    path = f"{workspace.dataset_path(unmerged.dataset)}/{conflict_path(unmerged.folder)}"
    text = workspace.tree.read_text(path)
    return parse_conflict_file(text, path) if text is not None else None


def write_conflict(
    change: Transaction, unmerged: UnmergedTable, file: ConflictFile, *, with_pointer: bool = True
) -> None:
    """Add the files of a table in conflict to a transaction: the pointer with markers, and the conflict file.

    Args:
        file: the result of `conflict_file`.
        with_pointer: False if the pointer needs no markers, or already has them from Git.
    """
    if with_pointer:
        change.write(f"{unmerged.folder}.dvc", conflict_block(unmerged))
    change.write(CONFLICT_IGNORE, IGNORE_ALL)
    change.write(conflict_path(unmerged.folder), conflict_file_text(unmerged, file))


def conflict_files(workspace: Workspace, dataset: str) -> list[str]:
    """Return the folder names of all tables with a conflict file, needed or not."""
    top = f"{workspace.dataset_path(dataset)}/{CONFLICT_FOLDER}/"
    names = [path.removeprefix(top) for path in workspace.tree.list_files(top)]
    return [name.removesuffix(".yaml") for name in names if name.endswith(".yaml") and "/" not in name]


def leftover_files(
    workspace: Workspace, dataset: str, unmerged: Sequence[UnmergedTable] | None = None
) -> list[str]:
    """Return the folder names of the tables that have a conflict file but are not in conflict."""
    files = conflict_files(workspace, dataset)
    if not files:
        return []
    needed = {one.folder for one in (unmerged_tables(workspace, dataset) if unmerged is None else unmerged)}
    return [folder for folder in files if folder not in needed]


def conflict_block(unmerged: UnmergedTable) -> str:
    """Return the pointer's text with the three sides between conflict markers."""
    texts = {side: pointer_text(pointer) if pointer else None for side, pointer in unmerged.pointers.items()}
    return render_conflict_texts(texts, unmerged.labels)


def conflict_file_text(unmerged: UnmergedTable, file: ConflictFile) -> str:
    return render_conflict_file(file, f"tdmvc resolve {unmerged.dataset} {shlex.quote(unmerged.table)}")


def conflict_file(
    workspace: Workspace,
    unmerged: UnmergedTable,
    merge: TableMerge,
    decided: Resolutions = UNDECIDED,
    earlier: Sequence[ListedConflict] = (),
) -> ConflictFile:
    """Return the table's conflict file, without personal values and with marks for personal keys.

    Args:
        earlier: conflicts that were listed before; those with a decision about their row stay listed.
    """
    marks = Marks(workspace, merge)
    rows = {marks.shown(key): row for key, row in decided.rows.items()}
    resolved = [one for one in earlier if one.conflict.column in rows.get(one.conflict.key, ())]
    listed: list[ListedConflict] = []
    room = _MOST_CHARACTERS
    for one in [*resolved, *(_listed(conflict, merge, marks) for conflict in merge.conflicts[:LISTED])]:
        room -= sum(len(cell or "") for cell in (*one.conflict.key, *_values(one.conflict))) + 200
        if room < 0:
            break
        listed.append(one)
    return ConflictFile(
        unmerged.table,
        unmerged.objects,
        {side: unmerged.label(side) for side in Side},
        merge.key,
        merge.whole or merge.key,
        marks.columns((*decided.rows, *(conflict.key for conflict in merge.conflicts))),
        tuple(listed),
        merge.conflict_count,
        Resolutions(decided.table, decided.columns, rows),
    )


class Marks:
    """Shows the personal cells of keys as marks that only this clone can compute."""

    def __init__(self, workspace: Workspace, merge: TableMerge) -> None:
        self._merge = merge
        self._personal = merge.personal_columns & {*merge.key, *merge.whole}
        self._key = ensure_redaction_key(workspace.git) if self._personal else b""

    def columns(self, keys: Iterable[RowKey]) -> tuple[str, ...]:
        """Return the personal columns among the columns of these keys."""
        used = {name for key in keys for name in self._names(key)}
        used |= set(self._merge.key)
        order = dict.fromkeys((*self._merge.key, *self._merge.whole))
        return tuple(name for name in order if name in used & self._personal)

    def shown(self, key: RowKey) -> RowKey:
        """Return a row's key as it may be shown."""
        return tuple(
            self._mark(name, cell) if name in self._personal else cell
            for name, cell in zip(self._names(key), key, strict=True)
        )

    def _names(self, key: RowKey) -> tuple[str, ...]:
        """Return the columns of a key: the table's key, or all columns if rows are counted; none without a row."""
        if not key:
            return ()
        return self._merge.key if len(key) == len(self._merge.key) else self._merge.whole

    def real(self, rows: Mapping[RowKey, object]) -> dict[RowKey, RowKey]:
        """Return the real keys of those shown keys that belong to a conflict of the merge."""
        known = {self.shown(conflict.key): conflict.key for conflict in self._merge.conflicts if conflict.key}
        return {key: known[key] for key in rows if key in known}

    def _mark(self, column: str, cell: str | None) -> str | None:
        if cell is None:
            return None
        text = ascii((self._merge.name, column, cell)).encode()
        return "~" + blake2b(text, key=self._key, digest_size=8).hexdigest()


def _listed(conflict: Conflict, merge: TableMerge, marks: Marks) -> ListedConflict:
    is_hidden = conflict.kind.is_about_rows and (
        conflict.column in merge.personal_columns
        # The edited cells of the row are in one text, including personal ones.
        or (conflict.kind is ConflictKind.ROW_DELETED and bool(merge.personal_columns))
    )
    base, ours, theirs = (None if is_hidden else _cut(cell) for cell in _values(conflict))
    shown = Conflict(
        conflict.kind, marks.shown(conflict.key), conflict.column, base, ours, theirs, conflict.detail
    )
    return ListedConflict(shown, is_hidden=is_hidden)


def _values(conflict: Conflict) -> tuple[str | None, str | None, str | None]:
    return conflict.base, conflict.ours, conflict.theirs


def _cut(cell: str | None) -> str | None:
    """Shorten a long cell, which is only shown; a side is always taken whole."""
    if cell is None or len(cell) <= _CUT:
        return cell
    return f"{cell[:_CUT]}… ({len(cell):,} characters)"

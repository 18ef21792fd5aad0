"""Knows how a merge of tables reads in words: what came, and what is left to decide."""

from collections.abc import Sequence

from tdmvc.errors import TdmvcError
from tdmvc.model.merge import ConflictKind, ManifestConflict, MergeCounts, TableMerge
from tdmvc.model.merge_report import UnmergedTable
from tdmvc.render.cells import visible
from tdmvc.render.page import shell_word
from tdmvc.render.terminal import number, plural

_SHOWN = 10
_KINDS = {
    ConflictKind.CELL: "both changed this cell",
    ConflictKind.ROW_ADDED: "both added this row, and the cell differs",
    ConflictKind.ROW_DELETED: "one deleted this row, the other edited it",
    ConflictKind.ROW_COUNT: "both changed how often this row is there",
    ConflictKind.COLUMN_TYPE: "the types of this column do not fit together",
    ConflictKind.COLUMN_DROPPED: "one dropped this column, the other edited it",
    ConflictKind.COLUMN_RENAMED: "both renamed this column",
    ConflictKind.KEY_CHANGED: "the rows cannot be followed: the key is not the same on all sides",
    ConflictKind.TABLE_REMOVED: "one removed this table, the other changed it",
}


def kind_words(kind: ConflictKind) -> str:
    """Say what happened."""
    return _KINDS[kind]


def counts_words(counts: MergeCounts) -> str:
    """Say what came from their side: `2 rows added, 1 changed`; empty where nothing did."""
    said = ((counts.rows_added, "added"), (counts.rows_removed, "removed"), (counts.rows_changed, "changed"))
    words = [f"{number(count)} {word}" for count, word in said if count]
    if words:
        first, _, word = words[0].partition(" ")
        words[0] = f"{first} {'row' if first == '1' else 'rows'} {word}"
    if counts.parts_taken:
        words.append(f"{plural(counts.parts_taken, 'part')} taken whole")
    return ", ".join(words)


def resolve_command(dataset: str, table: str | None = None) -> str:
    """Return the command that shows what is left and resolves it."""
    words = ["tdmvc", "resolve", dataset, *([table] if table else [])]
    return " ".join(map(shell_word, words))


def pointer_merge_line(
    unmerged: UnmergedTable, merge: TableMerge | None, problem: TdmvcError | None = None
) -> str:
    """Return what the merge driver says of one table, between the lines of Git."""
    name = f"{visible(unmerged.dataset)}/{visible(unmerged.table)}"
    command = resolve_command(unmerged.dataset, unmerged.table)
    if merge is None:
        why = f" {problem.what}" if problem else ""
        return f"{name}: the rows were not merged.{why} Ask whoever added it to push, then run: {command}"
    if merge.is_settled:
        return f"{name}: rows of both sides; from theirs: {counts_words(merge.counts) or 'nothing new'}"
    return f"{name}: {plural(merge.conflict_count, 'conflict')} left to you: {command}"


def manifest_merge_lines(path: str, conflicts: Sequence[ManifestConflict]) -> str:
    """Return what the merge driver says of a dataset.yaml or contract.yaml in conflict: where, and why."""
    lines = [f"{visible(path)}: {plural(len(conflicts), 'conflict')} left to you, in the file itself"]
    for conflict in conflicts[:_SHOWN]:
        why = f": {visible(conflict.reason)}" if conflict.reason else ""
        lines.append(f"  {visible(conflict.path) or 'the file'}{why}")
    if len(conflicts) > _SHOWN:
        lines.append(f"  … and {number(len(conflicts) - _SHOWN)} more")
    return "\n".join(lines)

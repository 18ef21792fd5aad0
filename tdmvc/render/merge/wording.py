"""The words for conflicts and merged rows that `merge`, `resolve` and the merge driver share."""

from collections.abc import Sequence

from tdmvc.errors import TdmvcError
from tdmvc.model.merge import ConflictKind, ManifestConflict, MergeCounts, TableMerge
from tdmvc.model.merge_report import UnmergedTable
from tdmvc.render.cells import visible
from tdmvc.render.page import shell_word
from tdmvc.render.terminal import number, plural

_SHOWN = 10
_KINDS = {
    ConflictKind.CELL: "both sides changed this cell",
    ConflictKind.ROW_ADDED: "both sides added this row, with different values",
    ConflictKind.ROW_DELETED: "one side deleted this row, the other edited it",
    ConflictKind.ROW_COUNT: "both sides changed how often this row occurs",
    ConflictKind.COLUMN_TYPE: "the types of this column cannot be combined",
    ConflictKind.COLUMN_DROPPED: "one side dropped this column, the other edited it",
    ConflictKind.COLUMN_RENAMED: "both sides renamed this column",
    ConflictKind.KEY_CHANGED: "the rows cannot be matched: the key differs between the sides",
    ConflictKind.TABLE_REMOVED: "one side removed this table, the other changed it",
}


def kind_words(kind: ConflictKind) -> str:
    """Return what happened."""
    return _KINDS[kind]


def counts_words(counts: MergeCounts) -> str:
    """Return what came from their side: `2 rows added, 1 changed`; empty if nothing did."""
    kinds = ((counts.rows_added, "added"), (counts.rows_removed, "removed"), (counts.rows_changed, "changed"))
    words = [f"{number(count)} {word}" for count, word in kinds if count]
    if words:
        first, _, word = words[0].partition(" ")
        words[0] = f"{first} {'row' if first == '1' else 'rows'} {word}"
    if counts.parts_taken:
        words.append(f"{plural(counts.parts_taken, 'part')} taken whole")
    return ", ".join(words)


def resolve_command(dataset: str, table: str | None = None) -> str:
    """Return the command that shows and resolves conflicts."""
    words = ["tdmvc", "resolve", dataset, *([table] if table else [])]
    return " ".join(map(shell_word, words))


def pointer_merge_line(
    unmerged: UnmergedTable, merge: TableMerge | None, problem: TdmvcError | None = None
) -> str:
    """Return the message of the merge driver about one table."""
    name = f"{visible(unmerged.dataset)}/{visible(unmerged.table)}"
    command = resolve_command(unmerged.dataset, unmerged.table)
    if merge is None:
        why = f" {problem.what}" if problem else ""
        return f"{name}: the rows were not merged.{why} Ask whoever added it to push, then run: {command}"
    if merge.is_settled:
        return f"{name}: rows of both sides; from theirs: {counts_words(merge.counts) or 'nothing new'}"
    return f"{name}: {plural(merge.conflict_count, 'conflict')} to resolve: {command}"


def manifest_merge_lines(path: str, conflicts: Sequence[ManifestConflict]) -> str:
    """Return the message of the merge driver about a conflicting dataset.yaml or contract.yaml: where, and why."""
    lines = [f"{visible(path)}: {plural(len(conflicts), 'conflict')} to resolve in the file"]
    for conflict in conflicts[:_SHOWN]:
        why = f": {visible(conflict.reason)}" if conflict.reason else ""
        lines.append(f"  {visible(conflict.path) or 'the file'}{why}")
    if len(conflicts) > _SHOWN:
        lines.append(f"  … and {number(len(conflicts) - _SHOWN)} more")
    return "\n".join(lines)

"""The words for what a merge or revert does to tables, and for conflicts, in every format."""

from collections.abc import Iterator, Sequence

from tdmvc.errors import TdmvcError
from tdmvc.model.masking import MASK
from tdmvc.model.merge import (
    Cell,
    Conflict,
    ConflictKind,
    ManifestConflict,
    MergeCounts,
    TableMerge,
    TableOutcome,
)
from tdmvc.model.merge_report import MovedDataset, MovedTable, TableMove, UnmergedTable
from tdmvc.model.text import number, plural
from tdmvc.render.cells import cell_text, visible
from tdmvc.render.text import shell_word

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
_SHOWN_BY_VALUES = frozenset(
    {
        ConflictKind.CELL,
        ConflictKind.ROW_ADDED,
        ConflictKind.ROW_COUNT,
        ConflictKind.COLUMN_TYPE,
        ConflictKind.COLUMN_RENAMED,
    }
)


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
    if counts.values_converted:
        many = plural(counts.values_converted, "value that does", many="values that do")
        words.append(f"{many} not fit the chosen type converted, or null")
    if counts.values_left_out:
        words.append(f"{plural(counts.values_left_out, 'value')} left out with a removed column or row")
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
        return f"{name}: {_outcome_words(merge)}"
    return f"{name}: {plural(merge.conflict_count, 'conflict')} to resolve: {command}"


def _outcome_words(merge: TableMerge) -> str:
    """Return what the merge driver made of a table; columns that only one side changed have no counts."""
    match merge.outcome:
        case TableOutcome.OURS | TableOutcome.UNCHANGED:
            return "as on our side"
        case TableOutcome.THEIRS:
            return "as on their side"
        case TableOutcome.BASE:
            return "as in the common ancestor"
        case TableOutcome.REMOVED:
            return "removed"
    counts = counts_words(merge.counts)
    return f"rows of both sides; from theirs: {counts}" if counts else "rows and columns of both sides"


def manifest_merge_lines(path: str, conflicts: Sequence[ManifestConflict]) -> str:
    """Return the message of the merge driver about a conflicting dataset.yaml or contract.yaml: where, and why."""
    lines = [f"{visible(path)}: {plural(len(conflicts), 'conflict')} to resolve in the file"]
    for conflict in conflicts[:_SHOWN]:
        why = f": {visible(conflict.reason)}" if conflict.reason else ""
        lines.append(f"  {visible(conflict.path) or 'the file'}{why}")
    if len(conflicts) > _SHOWN:
        lines.append(f"  … and {number(len(conflicts) - _SHOWN)} more")
    return "\n".join(lines)


def move_words(table: MovedTable) -> str:
    """Return what the merge does to a table: `rows of both sides; from theirs: 2 rows added`."""
    match table.move:
        case TableMove.ADDED:
            return "added during the merge" if table.is_by_hand else "added on their side"
        case TableMove.REMOVED:
            return "removed during the merge" if table.is_by_hand else "removed"
        case TableMove.TAKEN:
            return "as on their side, as you decided" if table.is_by_hand else "changed only on their side"
        case TableMove.STAGE:
            return f"output of the stage {visible(table.stage or '')}, which has to run again"
        case TableMove.CONFLICT:
            count = table.merge.conflict_count if table.merge else 0
            return plural(count, "conflict") if count else "in conflict"
    if table.is_by_hand:
        return "changed during the merge"
    counts = counts_words(table.merge.counts) if table.merge else ""
    return f"rows of both sides{f'; from theirs: {counts}' if counts else ''}"


def revert_words(table: MovedTable) -> str:
    """Return what a revert does to a table."""
    match table.move:
        case TableMove.ADDED:
            return "restored"
        case TableMove.REMOVED:
            return "removed again"
        case TableMove.TAKEN:
            return "as it was before the change"
        case TableMove.MERGED:
            counts = counts_words(table.merge.counts) if table.merge else ""
            return f"later changes kept{f'; {counts}' if counts else ''}"
    return move_words(table)


def conflict_lines(merge: TableMerge, *, most: int) -> Iterator[str]:
    """Yield the first conflicts of a table, visible, a line each, and how many more there are."""
    shown = merge.conflicts[:most]
    for conflict in shown:
        yield _conflict_line(conflict, merge)
    if merge.conflict_count > len(shown):
        yield f"… and {number(merge.conflict_count - len(shown))} more"


def conflict_count(datasets: Sequence[MovedDataset]) -> int:
    """Return how many conflicts a person has to resolve in tables."""
    return sum(
        max(table.merge.conflict_count if table.merge else 1, 1)
        for dataset in datasets
        for table in dataset.open_tables
    )


def _conflict_line(conflict: Conflict, merge: TableMerge) -> str:
    place = []
    if conflict.kind.is_about_rows:
        cells = zip(merge.key_names(conflict), conflict.key, strict=False)
        place.append(", ".join(f"{visible(name)} {_key_text(name, cell, merge)}" for name, cell in cells))
    if conflict.column is not None:
        place.append(visible(conflict.column))
    words = kind_words(conflict.kind)
    values = _values(conflict, merge)
    detail = f"; {visible(conflict.detail)}" if conflict.detail else ""
    return f"{', '.join(filter(None, place)) + ': ' if any(place) else ''}{values or words}{detail}"


def _values(conflict: Conflict, merge: TableMerge) -> str:
    """Return the value of each side; empty if it is personal, or not a cell, name or number."""
    is_hidden = conflict.column in merge.personal_columns and conflict.kind.is_about_rows
    if is_hidden or conflict.kind not in _SHOWN_BY_VALUES:
        return ""
    sides = (("base", conflict.base), ("ours", conflict.ours), ("theirs", conflict.theirs))
    shown = sides[1:] if conflict.kind is ConflictKind.ROW_ADDED else sides
    return ", ".join(f"{name} {cell_text(cell)}" for name, cell in shown)


def _key_text(name: str, cell: Cell, merge: TableMerge) -> str:
    return MASK if name in merge.personal_columns else cell_text(cell)

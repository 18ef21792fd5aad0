"""The words for a pattern of changes: one line, the same in every format."""

import re

from tdmvc.model.diff import ChangePattern, DatasetDiff, PatternGroup, PatternKind
from tdmvc.model.text import number, plural
from tdmvc.render.cells import cell_text, visible
from tdmvc.render.privacy import guarded, guarded_group, personal_by_table

_OF_ONE_VALUE = frozenset({PatternKind.CONSTANT, PatternKind.SET_TO})
"""Kinds of which all members of a group have the same values."""
_AMOUNT = re.compile(r"([+-])(\d+)")
_SELF_EVIDENT = frozenset({PatternKind.CONSTANT, PatternKind.EMPTY_TO_NULL, PatternKind.NULL_TO_EMPTY})


def pattern_words(pattern: ChangePattern) -> str:
    """Return what the cells have in common: `'' → NULL`, `shifted by +3`; plain text, made visible.

    Values of personal columns are not in it.
    """
    if pattern.is_personal:
        return _kind_words(pattern.kind, None, pattern.distinct)
    match pattern.kind:
        case PatternKind.CONSTANT:
            return f"{cell_text(pattern.old)} → {cell_text(pattern.new)}"
        case PatternKind.SET_TO:
            return f"all set to {cell_text(pattern.new)}"
    return _kind_words(pattern.kind, pattern.by, pattern.distinct)


def pattern_count(pattern: ChangePattern) -> str:
    """Return the number of cells: `33 cells`."""
    return plural(pattern.cells, "cell")


def group_words(group: PatternGroup) -> str:
    """Return the words for a pattern of several tables, with its columns and tables."""
    first = group.members[0][1]
    is_personal = any(pattern.is_personal for _, pattern in group.members)
    has_values = len(group.members) == 1 or (group.kind in _OF_ONE_VALUE and not is_personal)
    words = pattern_words(first) if has_values else _kind_words(group.kind, group.by, None)
    columns = sum(len(pattern.columns) for _, pattern in group.members)
    tables = len({table for table, _ in group.members})
    return f"{words} in {plural(columns, 'column')} of {plural(tables, 'table')}"


def has_example(pattern: ChangePattern) -> bool:
    """Whether an example adds to the words. No change goes from null to null."""
    return (
        pattern.kind not in _SELF_EVIDENT
        and not pattern.is_personal
        and not (pattern.old is None and pattern.new is None)
    )


def pattern_groups(diff: DatasetDiff) -> tuple[PatternGroup, ...]:
    """Return the patterns of all tables, most cells first, without personal values."""
    if diff.patterns:
        personal = personal_by_table(diff)
        return tuple(guarded_group(group, personal) for group in diff.patterns)
    groups = [
        PatternGroup(shown.kind, shown.by, shown.cells, ((table.name, shown),))
        for table in diff.tables
        for shown in (guarded(pattern, table.personal_columns) for pattern in table.patterns)
    ]
    return tuple(sorted(groups, key=lambda group: -group.cells))


def shared_groups(diff: DatasetDiff) -> list[PatternGroup]:
    """Return the patterns that several tables share, without personal values."""
    return [group for group in pattern_groups(diff) if len({table for table, _ in group.members}) > 1]


def _kind_words(kind: PatternKind, by: str | None, distinct: int | None) -> str:
    what = visible(by) if by is not None else None
    match kind:
        case PatternKind.EMPTY_TO_NULL:
            return "'' → NULL"
        case PatternKind.NULL_TO_EMPTY:
            return "NULL → ''"
        case PatternKind.SET_NULL:
            return "value → NULL"
        case PatternKind.FILLED:
            return "NULL → value"
        case PatternKind.CONSTANT:
            return "one value → another"
        case PatternKind.SET_TO:
            return "all set to one value"
        case PatternKind.SHIFTED:
            return f"shifted by {_amount_words(what)}" if what else "shifted by one amount"
        case PatternKind.CASE:
            return "only case differs"
        case PatternKind.WHITESPACE:
            return "only white space differs"
        case (
            PatternKind.PREFIX_ADDED
            | PatternKind.SUFFIX_ADDED
            | PatternKind.PREFIX_REMOVED
            | PatternKind.SUFFIX_REMOVED
        ):
            part, verb = kind.value.split("_")
            return f"{part} {what} {verb}" if what else f"one {part} {verb}"
        case PatternKind.MAPPED:
            pairs = f" ({number(distinct)} pairs of values)" if distinct else ""
            return f"each old value became one new value{pairs}"
        case PatternKind.VARIED:
            return "various changes"


def _amount_words(amount: str) -> str:
    """Return an amount as people write it: `-2922 days` is `−2,922 days`."""
    sign_and_digits = _AMOUNT.match(amount)
    if sign_and_digits is None:
        return amount
    sign, digits = sign_and_digits.groups()
    return f"{'−' if sign == '-' else '+'}{number(int(digits))}{amount[sign_and_digits.end() :]}"

"""Patterns, schema changes, distributions and ignored changes of a review in Markdown."""

from collections.abc import Iterator, Sequence

from tdmvc.model.diff import ChangePattern, PatternGroup, PatternKind, TableStatus
from tdmvc.model.masking import MASK
from tdmvc.model.review import DatasetReview, Shift
from tdmvc.model.text import number, plural
from tdmvc.render.cells import cell_text, change_texts
from tdmvc.render.markdown import code, folded, long_list, more, prose, table, value
from tdmvc.render.patterns import group_words, has_example, pattern_count, pattern_groups, pattern_words
from tdmvc.render.privacy import is_personal_shift, personal_by_table
from tdmvc.render.review.budget import OutputBudget
from tdmvc.render.review.repeated import schema_groups, telling_shifts
from tdmvc.render.review.wording import shift_words
from tdmvc.render.text import percent
from tdmvc.render.wording import bar, table_name, view_sign, view_words

_MEMBERS = 8
_COLUMNS = 6
_BARS = 12
_BAR_WIDTH = 20


def patterns(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    """Yield what many changed cells have in common, most cells first."""
    groups = pattern_groups(dataset.diff)
    plain = [table for table in dataset.diff.tables if table.columns and not table.patterns]
    if not groups and not plain:
        return
    yield ["#### Changes by pattern"]
    lines: list[str] = []
    for group in budget.take(groups, budget.level.patterns, "pattern"):
        lines.extend(_group(group))
    for table_ in budget.take(plain, budget.level.patterns, "table of changed cells"):
        lines.append(f"- {code(table_.name)}: {_columns_by_count(table_.columns)}")
    yield long_list(lines, "pattern")
    yield more(len(groups) - budget.level.patterns, "pattern")


def schema(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    """Yield the changes of the schema, table by table, and then those of views."""
    lines: list[str] = []
    for table_ in dataset.ranked:
        if table_.status is TableStatus.RENAMED:
            why = f": {prose(table_.evidence)}" if table_.evidence else ""
            lines.append(f"- {code(table_name(table_))} renamed{why}")
    for sign, words, tables in schema_groups(dataset.ranked):
        where = code(tables[0]) if len(tables) == 1 else f"{plural(len(tables), 'table')}:"
        named = f" in {_tables(tables)}" if len(tables) > 1 else ""
        lines.append(f"- {where} `{sign}` {prose(words)}{named}")
    lines += [f"- `{view_sign(view)}` {prose(view_words(view))}" for view in dataset.diff.views]
    if lines:
        yield ["#### Schema"]
        yield long_list(budget.take(lines, budget.level.schema, "schema change"), "schema change")
        yield more(len(lines) - budget.level.schema, "schema change")


def shifts(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    """Yield the columns with a shifted distribution that no pattern explains, each with its bars."""
    found = telling_shifts(dataset)
    if not found:
        return
    personal = personal_by_table(dataset.diff)
    yield ["#### Shifted distributions"]
    for shift in budget.take(found, budget.level.shifts, "distribution"):
        is_personal = is_personal_shift(shift, personal)
        summary = [(f"{shift.table}.{shift.column}", True), (f": {shift_words(shift)}", False)]
        yield folded(summary, _bars(shift, is_personal=is_personal))
    yield more(len(found) - budget.level.shifts, "distribution")


def ignored(dataset: DatasetReview, budget: OutputBudget) -> Iterator[list[str]]:
    """Yield the counts of changes that a rule of dataset.yaml ignores."""
    concerned = [table_ for table_ in dataset.diff.tables if table_.ignored or table_.rows.ignored]
    if not concerned:
        return
    yield ["#### Ignored by rule"]
    lines: list[str] = []
    for table_ in budget.take(concerned, budget.level.tables, "table with ignored changes"):
        cells = _columns_by_count(table_.ignored)
        rows = f"{plural(table_.rows.ignored, 'row')} with no other change" if table_.rows.ignored else ""
        lines.append(f"- {code(table_.name)}: {'; '.join(text for text in (cells, rows) if text)}")
    yield lines
    yield more(len(concerned) - budget.level.tables, "table")


def change(old: object, new: object, texts: tuple[str, str]) -> str:
    """Return `old` → **new** from the cells' texts, which are already masked if necessary."""
    return f"{value(texts[0], is_null=old is None)} → **{value(texts[1], is_null=new is None)}**"


def _group(group: PatternGroup) -> Iterator[str]:
    if len(group.members) == 1:
        table_, pattern = group.members[0]
        yield f"- {code(table_)}: {_pattern(pattern)}"
        return
    members = [
        f"{code(table_)} ({_columns(pattern.columns)})" for table_, pattern in group.members[:_MEMBERS]
    ]
    hidden = len({table_ for table_, _ in group.members[_MEMBERS:]})
    others = [f"… and {plural(hidden, 'more table')}"] if hidden else []
    where = ", ".join([*members, *others])
    yield f"- {prose(group_words(group))}: **{plural(group.cells, 'cell')}** in {where}"


def _pattern(pattern: ChangePattern) -> str:
    tail = f" in {_columns(pattern.columns)}: {pattern_count(pattern)}"
    if has_example(pattern):
        tail += f", such as {change(pattern.old, pattern.new, change_texts(pattern.old, pattern.new))}"
    return _pattern_words(pattern) + tail


def _pattern_words(pattern: ChangePattern) -> str:
    """Return the pattern's values as code, or else its words as a sentence."""
    if not pattern.is_personal:
        match pattern.kind:
            case PatternKind.CONSTANT:
                return change(pattern.old, pattern.new, change_texts(pattern.old, pattern.new))
            case PatternKind.SET_TO:
                return f"all set to **{value(cell_text(pattern.new), is_null=pattern.new is None)}**"
    return prose(pattern_words(pattern))


def _tables(names: Sequence[str]) -> str:
    shown = ", ".join(map(code, names[:_MEMBERS]))
    hidden = len(names) - _MEMBERS
    return f"{shown} and {plural(hidden, 'more table')}" if hidden > 0 else shown


def _columns(columns: tuple[str, ...]) -> str:
    shown = ", ".join(code(column) for column in columns[:_COLUMNS])
    hidden = len(columns) - _COLUMNS
    return f"{shown} and {plural(hidden, 'more column')}" if hidden > 0 else shown or "the rows"


def _columns_by_count(columns: dict[str, int]) -> str:
    items = list(columns.items())
    shown = ", ".join(f"{code(column)} {number(count)}" for column, count in items[:_COLUMNS])
    hidden = sum(count for _, count in items[_COLUMNS:])
    if len(items) <= _COLUMNS:
        return shown
    return f"{shown} and {number(hidden)} in {plural(len(items) - _COLUMNS, 'more column')}"


def _bars(shift: Shift, *, is_personal: bool) -> list[str]:
    rows = [
        [code(MASK if is_personal else one.label), _share(one.old), _share(one.new)]
        for one in shift.bars[:_BARS]
    ]
    return [*table(["", "old", "new"], rows), *more(len(shift.bars) - _BARS, "bar")]


def _share(share: float) -> str:
    return f"{bar(share, _BAR_WIDTH)} {percent(share)}".strip()

"""Compares two contracts: tables, columns, and what each rule demands."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from tdmvc.changes.bump import schema_reason, view_reason
from tdmvc.changes.schema import diff_schema
from tdmvc.changes.views import diff_views
from tdmvc.model.contract_changes import ContractChange, ContractChangeKind, ContractDiff, Party
from tdmvc.model.diff import Bump, BumpLevel, SchemaChange, SchemaChangeKind
from tdmvc.model.finding import Severity
from tdmvc.model.rule_bounds import Strength
from tdmvc.model.rule_strength import compare_rules, is_implied, with_joined_bounds
from tdmvc.model.rule_words import demand_words, threshold_words
from tdmvc.model.rules import NO_ROWS, References, RowCount, Rule, Unique
from tdmvc.model.schema import Column, Contract, TableSchema
from tdmvc.model.text import plural
from tdmvc.sql.typed_conditions import typed_rules

_BOTH = frozenset(Party)
_PRODUCERS = frozenset({Party.PRODUCERS})
_OF_RULES = frozenset(
    {
        SchemaChangeKind.REQUIRED_CHANGED,
        SchemaChangeKind.UNIQUE_CHANGED,
        SchemaChangeKind.LENGTH_CHANGED,
        SchemaChangeKind.UNIQUE_KEYS_CHANGED,
        SchemaChangeKind.CHECKS_CHANGED,
    }
)
"""Changes that the rules tell, too."""
_KINDS = {
    Strength.STRICTER: ContractChangeKind.RULE_STRICTER,
    Strength.WEAKER: ContractChangeKind.RULE_WEAKER,
    Strength.CHANGED: ContractChangeKind.RULE_CHANGED,
}


def diff_contracts(old: Contract, new: Contract, names: tuple[str, str] = ("old", "new")) -> ContractDiff:
    """Return what differs, by table in the order of the new contract, and what version that calls for.

    A stricter rule may break whoever makes rows, and calls for a patch; a weaker one for a minor version,
    as a wider type does; what removes something for a major one. Names of rules are no difference.
    """
    changes = [
        *(change for table in old.tables.values() for change in _removed_table(table, new)),
        *(change for table in new.tables.values() for change in _table(old.table(table.name), table)),
        *_views(old, new),
        *_service_levels(old, new),
    ]
    ordered = sorted(changes, key=lambda change: -change.level.rank)
    bump = Bump(
        ordered[0].level if ordered else BumpLevel.NONE,
        tuple(dict.fromkeys(change.message for change in ordered if change.level is not BumpLevel.NONE)),
    )
    return ContractDiff(*names, tuple(changes), bump)


def _removed_table(table: TableSchema, new: Contract) -> Iterator[ContractChange]:
    if table.name not in new.tables:
        message = f"table {table.name} removed"
        yield ContractChange(
            ContractChangeKind.TABLE_REMOVED, message, BumpLevel.MAJOR, table.name, breaks=_BOTH
        )


def _table(old: TableSchema | None, new: TableSchema) -> Iterator[ContractChange]:
    if old is None:
        message = f"table {new.name} added, with {plural(len(new.rules), 'rule')}"
        yield ContractChange(ContractChangeKind.TABLE_ADDED, message, BumpLevel.MINOR, new.name)
        return
    for change in diff_schema(old, new):
        if change.kind not in _OF_RULES and not _is_of_reference(change):
            level, message = schema_reason(new.name, change)
            columns = (change.column,) if change.column is not None else ()
            yield ContractChange(
                ContractChangeKind.SCHEMA_CHANGED,
                message,
                level,
                new.name,
                columns,
                _broken_by_schema(change, new),
            )
    yield from _rules(old, new)
    yield from _words_of_table(old, new)


def _is_of_reference(change: SchemaChange) -> bool:
    """Whether a reference came or went, and did not only get other actions."""
    is_one = change.kind is SchemaChangeKind.REFERENCES_CHANGED
    return is_one and (change.old is None or change.new is None)


def _broken_by_schema(change: SchemaChange, new: TableSchema) -> frozenset[Party]:
    if change.kind.is_breaking:
        return _BOTH
    if change.kind is SchemaChangeKind.COLUMN_ADDED:
        column = new.column(str(change.column))
        if column is not None and (column.required or column.name in new.key):
            is_filled = column.default or column.generated or column.identity
            return frozenset() if is_filled else _PRODUCERS
    return frozenset()


def _rules(old: TableSchema, new: TableSchema) -> Iterator[ContractChange]:
    """Yield what became of the rules of a table; the key's is told by the schema."""
    old_rules, new_rules = typed_rules(old), typed_rules(new)
    before = [rule for rule in with_joined_bounds(old_rules) if not _is_key(rule)]
    after = [rule for rule in with_joined_bounds(new_rules) if not _is_key(rule)]
    partners = {new_place: old_place for old_place, new_place in _pairs(before, after)}
    for place, rule in enumerate(before):
        if place not in partners.values():
            yield _one_sided(rule, new_rules, old, is_new=False)
    for place, rule in enumerate(after):
        if place not in partners:
            yield _one_sided(rule, old_rules, old, is_new=True)
            continue
        was = before[partners[place]]
        strength = compare_rules(was, rule)
        if strength is not Strength.SAME:
            yield _changed(was, rule, strength)


def _is_key(rule: Rule) -> bool:
    return isinstance(rule.test, Unique) and rule.test.is_key


def _pairs(before: list[Rule], after: list[Rule]) -> Iterator[tuple[int, int]]:
    """Yield the places of rules that are versions of each other: equal ones, then those of one id, then of one kind."""
    left, right = dict(enumerate(before)), dict(enumerate(after))
    ways: tuple[Callable[[Rule], object], ...] = (
        lambda rule: replace(rule, id=""),
        lambda rule: rule.demand,
        lambda rule: (rule.id, rule.columns, type(rule.test)),
        lambda rule: None if rule.columns else (rule.id, type(rule.test)),
        lambda rule: (rule.columns, type(rule.test)) if rule.columns else None,
    )
    for way in ways:
        waiting: dict[object, list[int]] = {}
        for place, rule in right.items():
            if way(rule) is not None:
                waiting.setdefault(way(rule), []).append(place)
        for place, rule in list(left.items()):
            found = waiting.get(way(rule))
            if found:
                other = found.pop(0)
                del left[place], right[other]
                yield place, other


def _one_sided(rule: Rule, others: Iterable[Rule], old: TableSchema, *, is_new: bool) -> ContractChange:
    """Return that a rule came or went; one that others imply allows neither more nor less than before."""
    is_same = is_implied(rule, others)
    words = "added" if is_new else "removed"
    message = f"rule {rule.id} {words}: {_words(rule)}"
    if is_same:
        message += "; other rules demand as much"
    is_loose = not is_new and not is_same and not isinstance(rule.test, References)
    # Rows that had no such column were made by nobody.
    is_known = all(old.column(name) is not None for name in rule.columns)
    is_strict = is_new and not is_same and is_known and rule.severity is Severity.ERROR
    return ContractChange(
        ContractChangeKind.RULE_ADDED if is_new else ContractChangeKind.RULE_REMOVED,
        message,
        BumpLevel.MINOR if is_loose else BumpLevel.PATCH,
        rule.table,
        rule.columns,
        _PRODUCERS if is_strict else frozenset(),
        new=rule if is_new else None,
        old=None if is_new else rule,
    )


def _changed(old: Rule, new: Rule, strength: Strength) -> ContractChange:
    before, after = _words(old), _words(new)
    if before == after:
        # Words shorten long texts and lists.
        before, after = f"{before} (before)", "something else of the same kind"
    is_strict = strength is not Strength.WEAKER and new.severity is Severity.ERROR
    became = "changed" if strength is Strength.CHANGED else f"became {strength}"
    return ContractChange(
        _KINDS[strength],
        f"rule {new.id} {became}: {after}; before: {before}",
        BumpLevel.PATCH if strength is Strength.STRICTER else BumpLevel.MINOR,
        new.table,
        new.columns,
        _PRODUCERS if is_strict else frozenset(),
        old,
        new,
    )


def _words(rule: Rule) -> str:
    """Return what a rule demands, and how much of its violation is allowed."""
    notes = [] if rule.severity is Severity.ERROR else [rule.severity.value]
    if rule.threshold != NO_ROWS and not isinstance(rule.test, RowCount):
        notes.append(f"allowed: {threshold_words(rule.threshold)}")
    return demand_words(rule) + (f" ({'; '.join(notes)})" if notes else "")


def _words_of_table(old: TableSchema, new: TableSchema) -> Iterator[ContractChange]:
    """Yield changes of classifications and descriptions."""
    if old.description != new.description:
        yield _description(new.name, None)
    for column in new.columns:
        before = old.column(column.name)
        if before is None:
            continue
        if before.classification != column.classification:
            yield _classification(new.name, before, column)
        if before.description != column.description:
            yield _description(new.name, column.name)


def _classification(table: str, old: Column, new: Column) -> ContractChange:
    before, after = old.classification or "none", new.classification or "none"
    message = f"classification of {table}.{new.name} changed from {before} to {after}"
    kind = ContractChangeKind.CLASSIFICATION_CHANGED
    return ContractChange(kind, message, BumpLevel.PATCH, table, (new.name,))


def _description(table: str, column: str | None) -> ContractChange:
    place = table if column is None else f"{table}.{column}"
    columns = () if column is None else (column,)
    kind = ContractChangeKind.DESCRIPTION_CHANGED
    return ContractChange(kind, f"description of {place} changed", BumpLevel.NONE, table, columns)


def _views(old: Contract, new: Contract) -> Iterator[ContractChange]:
    for view in diff_views(old.views, new.views):
        level, message = view_reason(view)
        breaks = _BOTH if level is BumpLevel.MAJOR else frozenset[Party]()
        yield ContractChange(ContractChangeKind.VIEW_CHANGED, message, level, breaks=breaks)


def _service_levels(old: Contract, new: Contract) -> Iterator[ContractChange]:
    before, after = dict.fromkeys(old.service_levels), dict.fromkeys(new.service_levels)
    for levels, others, word in ((before, after, "removed"), (after, before, "added")):
        for level in levels:
            if level not in others:
                message = f"service level {level.property} of {level.amount} {level.unit} {word}"
                yield ContractChange(ContractChangeKind.SERVICE_LEVEL_CHANGED, message, BumpLevel.PATCH)

"""Compares two schemas of a table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tdmvc.arrow.types import is_widening
from tdmvc.changes.renames import Rename
from tdmvc.model.declarations import ForeignKey
from tdmvc.model.diff import SchemaChange, SchemaChangeKind
from tdmvc.model.schema import Column, TableSchema


def diff_schema(
    old: TableSchema,
    new: TableSchema,
    renames: Sequence[Rename] = (),
    table_names: Mapping[str, str] | None = None,
) -> tuple[SchemaChange, ...]:
    """Return the changes: columns renamed, removed, added, changed, then what the table declares.

    The order of columns, their classification and descriptions are no change;
    nor is a key, a unique key or a reference that only follows a rename.
    """
    renamed = _renamed(old, {rename.old: rename.new for rename in renames}, table_names or {})
    return (
        *(_rename_change(rename) for rename in renames),
        *_column_changes(renamed, new),
        *_key_changes(renamed, new),
        *_reference_changes(renamed, new),
        *_table_changes(renamed, new),
    )


def _rename_change(rename: Rename) -> SchemaChange:
    return SchemaChange(
        SchemaChangeKind.COLUMN_RENAMED, rename.new, rename.old, rename.new, evidence=rename.evidence
    )


def _renamed(schema: TableSchema, names: Mapping[str, str], tables: Mapping[str, str]) -> TableSchema:
    """Return the schema as it would be if only names had changed."""
    if not names and not tables:
        return schema

    def follow(columns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(names.get(name, name) for name in columns)

    return replace(
        schema,
        columns=tuple(replace(column, name=names.get(column.name, column.name)) for column in schema.columns),
        key=follow(schema.key),
        references=tuple(
            replace(
                reference,
                table=tables.get(reference.table, reference.table),
                columns=follow(reference.columns),
                to=follow(reference.to) if reference.table == schema.name else reference.to,
            )
            for reference in schema.references
        ),
        unique_keys=tuple(replace(one, columns=follow(one.columns)) for one in schema.unique_keys),
        indexes=tuple(replace(one, columns=follow(one.columns)) for one in schema.indexes),
    )


def _column_changes(old: TableSchema, new: TableSchema) -> Iterator[SchemaChange]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    for name, column in before.items():
        if name not in after:
            yield SchemaChange(SchemaChangeKind.COLUMN_REMOVED, name, old=column.type_text)
    for name, column in after.items():
        if name not in before:
            yield SchemaChange(SchemaChangeKind.COLUMN_ADDED, name, new=column.type_text)
    for name, column in after.items():
        if name in before:
            yield from _changes_of(before[name], column)


def _changes_of(old: Column, new: Column) -> Iterator[SchemaChange]:
    if old.type != new.type:
        is_wider = old.is_untyped or is_widening(old.type, new.type)
        kind = SchemaChangeKind.TYPE_WIDENED if is_wider else SchemaChangeKind.TYPE_CHANGED
        yield SchemaChange(kind, new.name, old.type_text, new.type_text)
    elif old.declared_type != new.declared_type and old.physical_type is not None and not old.is_untyped:
        # What declared no type before, such as a file, has not changed it.
        yield SchemaChange(
            SchemaChangeKind.DECLARED_TYPE_CHANGED, new.name, old.declared_type, new.declared_type
        )
    elif old.user_types and new.user_types and old.user_types != new.user_types:
        kind = SchemaChangeKind.DECLARED_TYPE_CHANGED
        yield SchemaChange(kind, new.name, _types_text(old), _types_text(new))
    if old.required != new.required:
        yield SchemaChange(SchemaChangeKind.REQUIRED_CHANGED, new.name, _required(old), _required(new))
    if old.unique != new.unique:
        yield SchemaChange(SchemaChangeKind.UNIQUE_CHANGED, new.name, _unique(old), _unique(new))
    for kind, before, after in (
        (SchemaChangeKind.DEFAULT_CHANGED, old.default, new.default),
        (SchemaChangeKind.GENERATED_CHANGED, old.generated, new.generated),
        (SchemaChangeKind.IDENTITY_CHANGED, old.identity, new.identity),
        (SchemaChangeKind.COLLATION_CHANGED, old.collation, new.collation),
        (SchemaChangeKind.LENGTH_CHANGED, old.max_length, new.max_length),
    ):
        # The same words of another engine are no change.
        if before != after and _text(before) != _text(after):
            yield SchemaChange(kind, new.name, _text(before), _text(after))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _types_text(column: Column) -> str:
    return ", ".join(map(str, column.user_types))


def _required(column: Column) -> str:
    return "required" if column.required else "optional"


def _unique(column: Column) -> str:
    return "unique" if column.unique else "not unique"


def _key_changes(old: TableSchema, new: TableSchema) -> Iterator[SchemaChange]:
    if old.key != new.key:
        yield SchemaChange(
            SchemaChangeKind.KEY_CHANGED, old=", ".join(old.key) or None, new=", ".join(new.key) or None
        )


def _reference_changes(old: TableSchema, new: TableSchema) -> Iterator[SchemaChange]:
    kind = SchemaChangeKind.REFERENCES_CHANGED
    before, after = ({one.ends: one for one in schema.references} for schema in (old, new))
    for ends in sorted(before.keys() | after.keys(), key=str):
        was, now = before.get(ends), after.get(ends)
        if was is None or now is None or was.actions != now.actions:
            yield SchemaChange(kind, _single_column(ends), old=_text(was), new=_text(now))


def _single_column(reference: ForeignKey) -> str | None:
    return reference.columns[0] if len(reference.columns) == 1 else None


def _table_changes(old: TableSchema, new: TableSchema) -> Iterator[SchemaChange]:
    for kind, before, after in (
        (SchemaChangeKind.UNIQUE_KEYS_CHANGED, old.unique_keys, new.unique_keys),
        (SchemaChangeKind.CHECKS_CHANGED, old.checks, new.checks),
        (SchemaChangeKind.INDEXES_CHANGED, old.indexes, new.indexes),
    ):
        was, now = ({str(one) for one in declared} for declared in (before, after))
        for text in sorted(was - now):
            yield SchemaChange(kind, old=text)
        for text in sorted(now - was):
            yield SchemaChange(kind, new=text)
    if old.options != new.options:
        yield SchemaChange(SchemaChangeKind.OPTIONS_CHANGED, old=_text(old.options), new=_text(new.options))

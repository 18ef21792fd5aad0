"""Writes what a contract declares beside names and types; `declarations.py` reads the same forms."""

from collections.abc import Callable, Sequence
from typing import Any

from tdmvc.contracts.odcs.declarations import (
    COLLATION_PROPERTY,
    CONSTRAINT_PROPERTY,
    DEFAULT_PROPERTY,
    GENERATED_PROPERTY,
    IDENTITY_PROPERTY,
    INDEXES_PROPERTY,
    OPTIONS_PROPERTY,
    USER_TYPES_PROPERTY,
    VIEWS_PROPERTY,
    children,
    read_check,
    read_unique_key,
)
from tdmvc.contracts.odcs.queries import row_rule
from tdmvc.model.declarations import (
    Check,
    Collation,
    Default,
    Generated,
    Identity,
    Index,
    ReferenceActions,
    TableOptions,
    UniqueKey,
    UserType,
    View,
)
from tdmvc.model.schema import Column, TableSchema
from tdmvc.yaml.editor import (
    EditableList,
    EditableMapping,
    list_at,
    mapping,
    sequence,
    set_default,
    text_value,
)
from tdmvc.yaml.node import YamlNode

_NO_TABLE = TableSchema("", ())


def write_column_declarations(entry: EditableMapping, old: Column | None, new: Column) -> None:
    """Write what changed of a column's declarations."""
    for name, before, after, write in (
        (DEFAULT_PROPERTY, old and old.default, new.default, _default),
        (GENERATED_PROPERTY, old and old.generated, new.generated, _generated),
        (IDENTITY_PROPERTY, old and old.identity, new.identity, _identity),
        (COLLATION_PROPERTY, old and old.collation, new.collation, _collation),
        (USER_TYPES_PROPERTY, old and old.user_types, new.user_types, _user_types),
    ):
        _write_custom(entry, name, before, after, write)
    if (old.max_length if old else None) != new.max_length:
        set_option(entry, "maxLength", None if new.max_length is None else str(new.max_length))
    _write_description(entry, old.description if old else None, new.description)


def write_table_declarations(
    item: EditableMapping, old: TableSchema | None, new: TableSchema, node: YamlNode | None
) -> None:
    """Write what changed of a table's declarations.

    Args:
        node: the table's entry in the old text, if it has one.
    """
    before = old or _NO_TABLE
    _write_rules(item, node, new)
    _write_custom(item, INDEXES_PROPERTY, before.indexes, new.indexes, _indexes)
    _write_custom(item, OPTIONS_PROPERTY, before.options, new.options, _options)
    _write_description(item, before.description, new.description)


def write_views(root: EditableMapping, old: Sequence[View], new: Sequence[View]) -> None:
    """Write the views of a contract if they changed."""
    _write_custom(root, VIEWS_PROPERTY, tuple(old), tuple(new), _views)


def write_actions(relationship: EditableMapping, actions: ReferenceActions | None) -> None:
    """Write how a database declares a relationship."""
    facts: dict[str, Any] = {}
    if actions is not None:
        facts["onDelete"] = actions.on_delete
        if actions.on_update != ReferenceActions().on_update:
            facts["onUpdate"] = actions.on_update
        if actions.deferrable is not None:
            facts["deferrable"] = actions.deferrable
        facts |= {"match": "full"} if actions.is_full else {}
        facts |= {"setColumns": _names(actions.set_columns)} if actions.set_columns else {}
        facts |= {"validated": "false"} if not actions.is_validated else {}
    set_custom(relationship, CONSTRAINT_PROPERTY, mapping(facts, in_line=True) if facts else None)


def set_custom(entry: EditableMapping, name: str, value: Any) -> None:
    """Set a custom property; None removes it."""
    found = entry.get("customProperties")
    if isinstance(found, EditableList):
        for place, custom in enumerate(found):
            if custom.get("property") == name:
                if value is not None:
                    custom["value"] = value
                    return
                del found[place]
                break
        if not found:
            del entry["customProperties"]
    if value is not None:
        list_at(entry, "customProperties").append(mapping({"property": name, "value": value}))


def set_option(entry: EditableMapping, key: str, value: str | None) -> None:
    """Set an option of the logical type; None removes it."""
    if value is not None:
        set_default(entry, "logicalTypeOptions")[key] = value
        return
    options = entry.get("logicalTypeOptions")
    if isinstance(options, EditableMapping):
        options.pop(key, None)
        if not options:
            del entry["logicalTypeOptions"]


def _write_custom(entry: EditableMapping, name: str, old: Any, new: Any, write: Callable[[Any], Any]) -> None:
    if (old or None) != (new or None):
        set_custom(entry, name, write(new) if new else None)


def _write_description(entry: EditableMapping, old: str | None, new: str | None) -> None:
    if old != new and new is not None:
        entry["description"] = text_value(new)


def _write_rules(item: EditableMapping, node: YamlNode | None, new: TableSchema) -> None:
    """Make the quality rules declare these unique keys and conditions; rules that mean something else stay."""
    wanted: list[UniqueKey | Check] = [*new.unique_keys, *new.checks]
    kept: set[UniqueKey | Check] = set()
    surplus: list[int] = []
    for place, rule in enumerate(children(node, "quality") if node is not None else ()):
        declared = read_unique_key(rule) or read_check(rule, new.name)
        if declared in wanted:
            kept.add(declared)
        elif declared is not None:
            surplus.append(place)
    for place in reversed(surplus):
        del item["quality"][place]
    for one in wanted:
        if one not in kept:
            made = _unique_rule(one) if isinstance(one, UniqueKey) else _check_rule(one)
            list_at(item, "quality").append(made)
    if "quality" in item and not item["quality"]:
        del item["quality"]


def _unique_rule(unique: UniqueKey) -> EditableMapping:
    columns = _names(unique.columns)
    facts: dict[str, Any] = {"name": text_value(unique.name)} if unique.name is not None else {}
    facts |= {
        "metric": "duplicateValues",
        "arguments": mapping({"properties": columns}, in_line=True),
        "mustBe": "0",
    }
    rule = mapping(facts)
    if unique.is_declared:
        declared: dict[str, Any] = {"nulls": "distinct" if unique.nulls_distinct else "not distinct"}
        declared |= {"include": _names(unique.include)} if unique.include else {}
        declared |= {"deferrable": unique.deferrable} if unique.deferrable is not None else {}
        set_custom(rule, CONSTRAINT_PROPERTY, mapping(declared, in_line=True))
    return rule


def _check_rule(check: Check) -> EditableMapping:
    facts: dict[str, Any] = {"name": text_value(check.name)} if check.name is not None else {}
    facts |= {"type": "sql", "query": text_value(row_rule(check.expression)), "mustBe": "0"}
    rule = mapping(facts)
    if check.dialect is not None:
        declared: dict[str, Any] = {"dialect": text_value(check.dialect)}
        declared |= {"validated": "false"} if not check.is_validated else {}
        declared |= {"inherited": "false"} if not check.is_inherited else {}
        set_custom(rule, CONSTRAINT_PROPERTY, mapping(declared, in_line=True))
    return rule


def _default(default: Default) -> EditableMapping:
    if default.literal is not None:
        return mapping({"literal": text_value(default.literal)}, in_line=True)
    return _sql(default.expression or "", default.dialect)


def _generated(generated: Generated) -> EditableMapping:
    stored = {"stored": "true"} if generated.is_stored else {}
    return _sql(generated.expression, generated.dialect, stored)


def _sql(expression: str, dialect: str | None, more: dict[str, str] | None = None) -> EditableMapping:
    facts = {"expression": text_value(expression), **(more or {}), "dialect": text_value(dialect or "")}
    return mapping(facts, in_line="\n" not in expression)


def _identity(identity: Identity) -> EditableMapping:
    facts = {"generation": "always" if identity.is_always else "by default"}
    facts |= {"start": str(identity.start)} if identity.start is not None else {}
    facts |= {"increment": str(identity.increment)} if identity.increment is not None else {}
    facts |= {"sequence": text_value(identity.sequence)} if identity.sequence is not None else {}
    return mapping(facts, in_line=True)


def _collation(collation: Collation) -> EditableMapping:
    return mapping(
        {"name": text_value(collation.name), "dialect": text_value(collation.dialect)}, in_line=True
    )


def _user_types(types: Sequence[UserType]) -> EditableList:
    entries = []
    for one in types:
        facts: dict[str, Any] = {"name": text_value(one.name), "kind": one.kind.value}
        facts |= {"labels": _names(one.labels)} if one.labels else {}
        facts |= {"definition": text_value(one.definition)} if one.definition is not None else {}
        entries.append(mapping({**facts, "dialect": text_value(one.dialect)}))
    return sequence(entries)


def _names(names: Sequence[str]) -> EditableList:
    return sequence([text_value(name) for name in names], in_line=True)


def _options(options: TableOptions) -> EditableMapping:
    words = _names(options.words)
    return mapping({"words": words, "dialect": text_value(options.dialect)}, in_line=True)


def _indexes(indexes: Sequence[Index]) -> EditableList:
    entries = []
    for index in indexes:
        facts: dict[str, Any] = {"name": text_value(index.name)}
        if index.columns:
            facts["columns"] = _names(index.columns)
        if index.definition is not None:
            facts["definition"] = text_value(index.definition)
        if index.is_unique:
            facts["unique"] = "true"
        if index.dialect is not None:
            facts["dialect"] = text_value(index.dialect)
        entries.append(mapping(facts))
    return sequence(entries)


def _views(views: Sequence[View]) -> EditableList:
    entries = []
    for view in views:
        facts: dict[str, Any] = {"name": text_value(view.name)}
        if view.columns:
            facts["columns"] = _names(view.columns)
        facts |= {"query": text_value(view.query), "dialect": text_value(view.dialect)}
        facts |= {"materialized": "true"} if view.is_materialized else {}
        entries.append(mapping(facts))
    return sequence(entries)

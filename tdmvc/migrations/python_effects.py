"""Finds which tables and columns a migration in Python adds or removes: a hint, never the truth."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import Final

from tdmvc.migrations.python_source import (
    Assigned,
    class_assignments,
    evaluate,
    module_assignments,
    parse_source,
)
from tdmvc.migrations.sql_effects import sql_effects
from tdmvc.model.migration import Migration, SchemaEffect

_BATCH: Final = "batch_alter_table"


def alembic_effects(text: str) -> Iterator[SchemaEffect]:
    """Yield what the `upgrade` of an Alembic migration adds and removes, in its order."""
    source = parse_source(text)
    if source.module is None:
        return
    names = module_assignments(source)
    for function in source.module.body:
        if isinstance(function, ast.FunctionDef) and function.name == "upgrade":
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            batches = [node for node in ast.walk(function) if isinstance(node, ast.With)]
            for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
                yield from _alembic_call(call, _batch_table(call, batches, names), names)


def _batch_table(call: ast.Call, batches: Sequence[ast.With], names: dict[str, Assigned]) -> str | None:
    """Return the table of the batch that a call belongs to: `with op.batch_alter_table(…) as batch_op`."""
    if not (isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)):
        return None
    for batch in batches:
        for item in batch.items:
            is_its = isinstance(item.optional_vars, ast.Name) and item.optional_vars.id == call.func.value.id
            opened = item.context_expr
            if (
                is_its
                and isinstance(opened, ast.Call)
                and batch.lineno <= call.lineno <= (batch.end_lineno or 0)
            ):
                return _text(_given(opened, 0, "table_name"), names)
    return None


def _alembic_call(call: ast.Call, batch: str | None, names: dict[str, Assigned]) -> Iterator[SchemaEffect]:
    match call.func:
        case ast.Attribute(value=ast.Name(id="op") | ast.Attribute(attr="op"), attr=operation):
            table, first = _text(_given(call, 0, "table_name"), names), 1
        case ast.Attribute(attr=operation) if batch is not None:
            table, first = batch, 0
        case _:
            return
    if operation == "execute":
        # Also `op.execute(sa.text("…"))`.
        given = _given(call, 0, "sqltext")
        inner = given.args[0] if isinstance(given, ast.Call) and given.args else given
        yield from sql_effects(_text(inner, names) or "")
    elif operation == "rename_table":
        new = _text(_given(call, 1, "new_table_name"), names)
        old = _text(_given(call, 0, "old_table_name"), names)
        if old and new:
            yield from (SchemaEffect(old.lower(), exists=False), SchemaEffect(new.lower(), exists=True))
    elif table and operation in ("create_table", "drop_table") and batch is None:
        yield SchemaEffect(table.lower(), exists=operation == "create_table")
    elif table and operation == "add_column":
        column = _given(call, first, "column")
        name = _text(_given(column, 0, "name"), names) if isinstance(column, ast.Call) else None
        if name:
            yield SchemaEffect(table.lower(), (name.lower(),), exists=True)
    elif table and operation in ("drop_column", "alter_column"):
        name = _text(_given(call, first, "column_name"), names)
        new = _text(_given(call, -1, "new_column_name"), names) if operation == "alter_column" else None
        if name and (operation == "drop_column" or (new and new != name)):
            yield SchemaEffect(table.lower(), (name.lower(),), exists=False)
        if new and new != name:
            yield SchemaEffect(table.lower(), (new.lower(),), exists=True)


def django_effects(text: str, migration: Migration) -> Iterator[SchemaEffect]:
    """Yield what the operations of a Django migration add and remove, in their order.

    A column may have the name of its field, or the name in the database. Models whose
    table's name is not known are left out.
    """
    source = parse_source(text)
    body = class_assignments(source, "Migration") or {}
    operations = body.get("operations")
    if operations is None:
        return
    model_tables = _ModelTables(migration)
    names = module_assignments(source) | body
    waiting = [operations.expression]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.List | ast.Tuple):
            waiting.extend(reversed(one.elts))
        elif isinstance(one, ast.Call):
            name = _called(one)
            if name == "SeparateDatabaseAndState":
                inner = _given(one, 0, "database_operations")
                waiting.extend([inner] if inner is not None else [])
            else:
                yield from _django_operation(name, one, model_tables, names)


class _ModelTables:
    """The tables of one application's models, as far as the names of the tables that a migration touches tell."""

    def __init__(self, migration: Migration) -> None:
        self._app = migration.id.partition(".")[0].lower()
        self._touched = {table.lower() for table in migration.touches}

    def of(self, model: str | None) -> str | None:
        table = f"{self._app}_{(model or '').lower()}"
        if table in self._touched:
            return table
        return next(iter(self._touched)) if len(self._touched) == 1 else None


def _django_operation(
    operation: str, call: ast.Call, tables: _ModelTables, names: dict[str, Assigned]
) -> Iterator[SchemaEffect]:
    def text(position: int, keyword: str) -> str | None:
        return _text(_given(call, position, keyword), names)

    if operation == "RunSQL":
        yield from sql_effects(text(0, "sql") or "")
    elif operation in ("CreateModel", "DeleteModel"):
        table = tables.of(text(0, "name"))
        if table and not _is_without_table(call):
            yield SchemaEffect(table, exists=operation == "CreateModel")
    elif operation == "RenameModel":
        old, new = tables.of(text(0, "old_name")), tables.of(text(1, "new_name"))
        if old and new and old != new:
            yield from (SchemaEffect(old.lower(), exists=False), SchemaEffect(new.lower(), exists=True))
    elif operation in ("AddField", "RemoveField", "RenameField"):
        table = tables.of(text(0, "model_name"))
        if table is None:
            return
        if operation == "RenameField":
            yield SchemaEffect(table, _columns(text(1, "old_name")), exists=False)
            yield SchemaEffect(table, _columns(text(2, "new_name")), exists=True)
        elif operation == "RemoveField":
            yield SchemaEffect(table, _columns(text(1, "name")), exists=False)
        elif isinstance(field := _given(call, 2, "field"), ast.Call) and _has_column(field):
            db_column = _text(_given(field, -1, "db_column"), names)
            yield SchemaEffect(table, _columns(text(1, "name"), db_column), exists=True)


def _columns(field: str | None, db_column: str | None = None) -> tuple[str, ...]:
    """Return the names that the column of a field may have, in a database or in a fixture."""
    return tuple(name.lower() for name in (field, f"{field}_id", db_column) if field and name)


def _is_without_table(call: ast.Call) -> bool:
    """Return whether a model is a proxy, or is not managed by Django."""
    options = _given(call, 2, "options")
    if not isinstance(options, ast.Dict):
        return False
    wanted = {("proxy", True), ("managed", False)}
    return any(
        isinstance(key, ast.Constant)
        and isinstance(value, ast.Constant)
        and (key.value, value.value) in wanted
        for key, value in zip(options.keys, options.values, strict=True)
    )


def _has_column(field: ast.Call) -> bool:
    """Return whether a field is a column of its model's table, by the name of its class."""
    return not re.search("ManyToMany|TaggableManager|GenericRelation|GenericForeignKey", _called(field))


def _called(call: ast.Call) -> str:
    """Return the last part of the name of what is called."""
    return str(getattr(call.func, "attr", None) or getattr(call.func, "id", ""))


def _given(call: ast.Call, position: int, keyword: str) -> ast.expr | None:
    if 0 <= position < len(call.args):
        return call.args[position]
    return next((given.value for given in call.keywords if given.arg == keyword), None)


def _text(expression: ast.expr | None, names: dict[str, Assigned]) -> str | None:
    value = evaluate(expression, names) if expression is not None else None
    return value if isinstance(value, str) else None

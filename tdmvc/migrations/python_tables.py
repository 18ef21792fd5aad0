"""Finds the tables that a migration in Python may affect: a hint, never the truth."""

import ast
import re
from collections.abc import Iterable
from typing import Final

from tdmvc.migrations.python_source import Assigned, PythonSource, evaluate, module_assignments, visit_calls
from tdmvc.migrations.sql_tables import sql_tables

_FIRST: Final = ((0, "table_name"),)
_SECOND: Final = ((1, "table_name"),)

ALEMBIC_TABLE_ARGUMENTS: Final[dict[str, tuple[tuple[int, str], ...]]] = {
    **dict.fromkeys(("create_table", "drop_table", "create_table_comment", "drop_table_comment"), _FIRST),
    **dict.fromkeys(("add_column", "drop_column", "alter_column", "batch_alter_table"), _FIRST),
    **dict.fromkeys(("create_index", "drop_index", "create_primary_key", "drop_constraint"), _SECOND),
    **dict.fromkeys(("create_unique_constraint", "create_check_constraint"), _SECOND),
    "create_exclude_constraint": _SECOND,
    "rename_table": ((0, "old_table_name"), (1, "new_table_name")),
    "create_foreign_key": ((1, "source_table"), (2, "referent_table")),
}
"""Where each operation of Alembic names its tables: position and keyword."""

_ALEMBIC_CALL = re.compile(
    r"\bop\.(create_table|drop_table|add_column|drop_column|alter_column|batch_alter_table)\(\s*u?['\"](\w+)['\"]"
)


def alembic_tables(source: PythonSource, names: dict[str, Assigned]) -> tuple[str, ...]:
    """Return the tables that the operations of an Alembic migration name, except in `downgrade`, sorted."""
    if source.module is None:
        up = re.split(r"^def[ \t]+downgrade\b", source.text, maxsplit=1, flags=re.MULTILINE)[0]
        return tuple(sorted({match[2] for match in _ALEMBIC_CALL.finditer(up)}))
    found: set[str] = set()

    def visit(call: ast.Call) -> bool:
        match call.func:
            case ast.Attribute(value=ast.Name(id="op") | ast.Attribute(attr="op"), attr=operation):
                found.update(_operation_tables(operation, call, names))
                # Only the arguments of these two may contain other calls that matter.
                return operation not in {"execute", "bulk_insert"}
            case ast.Attribute(attr="table" | "Table") | ast.Name(id="table" | "Table"):
                found.update(_texts([_argument(call, 0, "name")], names))
                return True
            case ast.Attribute(attr="text" | "execute") | ast.Name(id="text"):
                found.update(_sql_argument(call, names))
        return False

    visit_calls(source.module.body, visit, skipped_functions=frozenset({"downgrade"}))
    return tuple(sorted(found))


def _operation_tables(operation: str, call: ast.Call, names: dict[str, Assigned]) -> Iterable[str]:
    if operation == "execute":
        return _sql_argument(call, names)
    places = ALEMBIC_TABLE_ARGUMENTS.get(operation, ())
    return _texts([_argument(call, position, keyword) for position, keyword in places], names)


def _sql_argument(call: ast.Call, names: dict[str, Assigned], *, keyword: str = "") -> Iterable[str]:
    """Return the tables in the SQL that a call gets as its first argument."""
    return [table for text in _texts([_argument(call, 0, keyword)], names) for table in sql_tables(text)]


def _argument(call: ast.Call, position: int, keyword: str) -> ast.expr | None:
    if position < len(call.args):
        return call.args[position]
    return next((given.value for given in call.keywords if given.arg == keyword), None)


def _texts(expressions: Iterable[ast.expr | None], names: dict[str, Assigned]) -> list[str]:
    values = [evaluate(expression, names) for expression in expressions if expression is not None]
    return [value for value in values if isinstance(value, str)]


def called_sql_tables(source: PythonSource, function: str) -> tuple[str, ...]:
    """Return the tables in the SQL that calls of a function get as their first argument, sorted."""
    if source.module is None:
        return ()
    names = module_assignments(source)
    found: set[str] = set()

    def visit(call: ast.Call) -> bool:
        is_wanted = isinstance(call.func, ast.Name) and call.func.id == function
        if is_wanted:
            found.update(_sql_argument(call, names))
        return is_wanted

    visit_calls(source.module.body, visit)
    return tuple(sorted(found))


DJANGO_MODEL_ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(("CreateModel", "DeleteModel", "AlterModelTable", "AlterModelTableComment"), ("name",)),
    **dict.fromkeys(("AlterUniqueTogether", "AlterIndexTogether"), ("name",)),
    "RenameModel": ("old_name", "new_name"),
    **dict.fromkeys(("AddField", "RemoveField", "AlterField", "RenameField"), ("model_name",)),
    **dict.fromkeys(("AddIndex", "RemoveIndex", "RenameIndex"), ("model_name",)),
    **dict.fromkeys(("AddIndexConcurrently", "RemoveIndexConcurrently"), ("model_name",)),
    **dict.fromkeys(("AddConstraint", "RemoveConstraint", "AlterConstraint"), ("model_name",)),
}
"""Where each operation of Django that changes a table names its model, in positional order."""


class DjangoTables:
    """Collects the models that one application's migrations name, and the names of their tables."""

    def __init__(self, app: str) -> None:
        self._app = app
        self._tables: dict[str, str] = {}

    def models(self, operations: ast.expr | None, names: dict[str, Assigned]) -> tuple[set[str], set[str]]:
        """Return the models, in lower case, and the tables that a list of operations names."""
        models: set[str] = set()
        tables: set[str] = set()

        def visit(call: ast.Call) -> bool:
            operation = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if isinstance(call.func, ast.Name):
                operation = call.func.id
            if operation == "RunSQL":
                tables.update(_sql_argument(call, names, keyword="sql"))
                return True
            if operation not in DJANGO_MODEL_ARGUMENTS:
                return False
            places = enumerate(DJANGO_MODEL_ARGUMENTS[operation])
            named = _texts([_argument(call, position, keyword) for position, keyword in places], names)
            models.update(name.lower() for name in named)
            self._note_db_table(operation, call, named, names)
            return True

        if operations is not None:
            visit_calls([ast.Expr(operations)], visit)
        return models, tables

    def tables(self, models: Iterable[str]) -> set[str]:
        """Return the tables of models, by their `db_table` if a migration set one."""
        return {self._tables.get(model, f"{self._app}_{model}") for model in models}

    def _note_db_table(
        self, operation: str, call: ast.Call, named: list[str], names: dict[str, Assigned]
    ) -> None:
        if not named:
            return
        table: ast.expr | None = None
        if operation == "AlterModelTable":
            table = _argument(call, 1, "table")
        elif operation == "CreateModel":
            options = _argument(call, 2, "options")
            if isinstance(options, ast.Dict):
                for key, value in zip(options.keys, options.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "db_table":
                        table = value
        for text in _texts([table], names):
            # PostgreSQL and Oracle users put a schema in front: `schema"."table`.
            self._tables[named[0].lower()] = text.rpartition('"."')[2].strip('"')

"""Knows which tables a migration may affect: a hint for people, never the truth."""

import ast
import re
from collections.abc import Iterable
from typing import Final

from tdmvc.migrations.plain_sql import plain_statements
from tdmvc.migrations.python_source import Assigned, PythonSource, evaluate, module_assignments, visit_calls

MAX_SQL: Final = 1_000_000
"""How many characters of SQL are looked at; a data load behind that adds no new table."""

_DOWN = re.compile(
    r"^[ \t]*--[ \t]*(?:\+goose[ \t]+down|migrate:down|//@undo)\b", re.IGNORECASE | re.MULTILINE
)
NAME: Final = (
    r'((?:"[^"]+"|`[^`]+`|\[[^\]]+\]|[^\W\d][\w$]*)(?:\.(?:"[^"]+"|`[^`]+`|\[[^\]]+\]|[^\W\d][\w$]*)){0,3})'
)
"""A pattern for the name of a table, its schema before it; one group."""
STATEMENTS: Final = (
    r"create\s+(?:or\s+replace\s+)?(?:(?:global|local)\s+)?(?:temp\s+|temporary\s+|unlogged\s+|external\s+)?"
    r"table\s+(?:if\s+not\s+exists\s+)?"
    r"|alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?"
    r"|drop\s+table\s+(?:if\s+exists\s+)?"
    r"|truncate\s+(?:table\s+)?(?:only\s+)?"
    r"|rename\s+table\s+"
    r"|create\s+(?:unique\s+)?(?:clustered\s+|nonclustered\s+)?index\s+[^;()]{0,300}?\bon\s+(?:only\s+)?"
    r"|comment\s+on\s+(?:table|column)\s+"
    r"|(?:insert|replace)\s+(?:or\s+\w+\s+|ignore\s+)?into\s+"
    r"|merge\s+into\s+"
    r"|delete\s+from\s+(?:only\s+)?"
)
"""A pattern for the words before the name of a table that a statement changes, whatever surrounds it; no group."""
_STATEMENT = re.compile(
    rf"(?:^|;|\bbegin\b|\bthen\b|\$\w*\$)\s*(?:{STATEMENTS}|update\s+(?:only\s+)?|copy\s+){NAME}",
    re.IGNORECASE,
)
_COMMENT_ON_COLUMN = re.compile(r"comment\s+on\s+column\b", re.IGNORECASE)
_PART = re.compile(r'"([^"]+)"|`([^`]+)`|\[([^\]]+)\]|([\w$]+)')


def sql_tables(text: str) -> tuple[str, ...]:
    """Return the tables that the statements of an SQL text seem to change, without their schemas, sorted."""
    down = _DOWN.search(text)
    up = text[: min(down.start() if down else len(text), MAX_SQL)]
    return tuple(sorted(tables_named(_STATEMENT.finditer(plain_statements(up)))))


def tables_named(statements: Iterable[re.Match[str]]) -> set[str]:
    """Return the tables of matches whose first group is a `NAME`, without their schemas."""
    found = set()
    for match in statements:
        parts = [next(filter(None, groups)) for groups in _PART.findall(match[1])]
        if _COMMENT_ON_COLUMN.search(match[0]):
            parts = parts[:-1]
        if parts:
            found.add(parts[-1])
    return found


ALEMBIC_TABLE_ARGUMENTS: Final[dict[str, tuple[tuple[int, str], ...]]] = {
    "create_table": ((0, "table_name"),),
    "drop_table": ((0, "table_name"),),
    "rename_table": ((0, "old_table_name"), (1, "new_table_name")),
    "create_table_comment": ((0, "table_name"),),
    "drop_table_comment": ((0, "table_name"),),
    "add_column": ((0, "table_name"),),
    "drop_column": ((0, "table_name"),),
    "alter_column": ((0, "table_name"),),
    "batch_alter_table": ((0, "table_name"),),
    "create_index": ((1, "table_name"),),
    "drop_index": ((1, "table_name"),),
    "create_foreign_key": ((1, "source_table"), (2, "referent_table")),
    "create_unique_constraint": ((1, "table_name"),),
    "create_check_constraint": ((1, "table_name"),),
    "create_exclude_constraint": ((1, "table_name"),),
    "create_primary_key": ((1, "table_name"),),
    "drop_constraint": ((1, "table_name"),),
}
"""Where each operation of Alembic names its tables: position and keyword."""

_ALEMBIC_CALL = re.compile(
    r"\bop\.(create_table|drop_table|add_column|drop_column|alter_column|batch_alter_table)\(\s*u?['\"](\w+)['\"]"
)


def alembic_tables(source: PythonSource, names: dict[str, Assigned]) -> tuple[str, ...]:
    """Return the tables that an Alembic migration's operations name, except in `downgrade`, sorted."""
    if source.module is None:
        up = re.split(r"^def[ \t]+downgrade\b", source.text, maxsplit=1, flags=re.MULTILINE)[0]
        return tuple(sorted({match[2] for match in _ALEMBIC_CALL.finditer(up)}))
    found: set[str] = set()

    def visit(call: ast.Call) -> bool:
        match call.func:
            case ast.Attribute(value=ast.Name(id="op") | ast.Attribute(attr="op"), attr=operation):
                found.update(_operation_tables(operation, call, names))
                # Only these two carry more of interest in their arguments.
                return operation not in {"execute", "bulk_insert"}
            case ast.Attribute(attr="table" | "Table") | ast.Name(id="table" | "Table"):
                found.update(_texts([_argument(call, 0, "name")], names))
                return True
            case ast.Attribute(attr="text" | "execute") | ast.Name(id="text"):
                found.update(_sql_arguments(call, names))
        return False

    visit_calls(source.module.body, visit, skipped_functions=frozenset({"downgrade"}))
    return tuple(sorted(found))


def _operation_tables(operation: str, call: ast.Call, names: dict[str, Assigned]) -> Iterable[str]:
    if operation == "execute":
        return _sql_arguments(call, names)
    places = ALEMBIC_TABLE_ARGUMENTS.get(operation, ())
    return _texts([_argument(call, position, keyword) for position, keyword in places], names)


def _sql_arguments(call: ast.Call, names: dict[str, Assigned]) -> Iterable[str]:
    return [table for text in _texts(call.args[:1], names) for table in sql_tables(text)]


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
        is_asked = isinstance(call.func, ast.Name) and call.func.id == function
        if is_asked:
            found.update(_sql_arguments(call, names))
        return is_asked

    visit_calls(source.module.body, visit)
    return tuple(sorted(found))


DJANGO_MODEL_ARGUMENTS: Final[dict[str, tuple[str, ...]]] = {
    "CreateModel": ("name",),
    "DeleteModel": ("name",),
    "RenameModel": ("old_name", "new_name"),
    "AlterModelTable": ("name",),
    "AlterModelTableComment": ("name",),
    "AlterUniqueTogether": ("name",),
    "AlterIndexTogether": ("name",),
    "AddField": ("model_name",),
    "RemoveField": ("model_name",),
    "AlterField": ("model_name",),
    "RenameField": ("model_name",),
    "AddIndex": ("model_name",),
    "RemoveIndex": ("model_name",),
    "RenameIndex": ("model_name",),
    "AddConstraint": ("model_name",),
    "RemoveConstraint": ("model_name",),
    "AlterConstraint": ("model_name",),
    "AddIndexConcurrently": ("model_name",),
    "RemoveIndexConcurrently": ("model_name",),
}
"""Where each operation of Django that changes a table names its model, in positional order."""


class DjangoTouches:
    """Collects the models that one application's migrations name, and what their tables are called."""

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
                tables.update(_sql_arguments(call, names) if call.args else _sql_keyword(call, names))
                return True
            if operation not in DJANGO_MODEL_ARGUMENTS:
                return False
            places = enumerate(DJANGO_MODEL_ARGUMENTS[operation])
            named = _texts([_argument(call, position, keyword) for position, keyword in places], names)
            models.update(name.lower() for name in named)
            self._learn_table(operation, call, named, names)
            return True

        if operations is not None:
            visit_calls([ast.Expr(operations)], visit)
        return models, tables

    def tables(self, models: Iterable[str]) -> set[str]:
        """Return the tables of models, by their `db_table` where one was ever seen."""
        return {self._tables.get(model, f"{self._app}_{model}") for model in models}

    def _learn_table(
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
            # PostgreSQL and Oracle users quote a schema in: `schema"."table`.
            self._tables[named[0].lower()] = text.rpartition('"."')[2].strip('"')


def _sql_keyword(call: ast.Call, names: dict[str, Assigned]) -> Iterable[str]:
    texts = _texts([given.value for given in call.keywords if given.arg == "sql"], names)
    return [table for text in texts for table in sql_tables(text)]

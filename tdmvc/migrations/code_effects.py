"""Finds which tables and columns a migration in a programming language adds or removes: a hint, never the truth."""

import re
from collections.abc import Iterator
from typing import Final

from tdmvc.migrations.code_tables import TablePatterns
from tdmvc.migrations.sql_effects import sql_effects
from tdmvc.model.migration import Migration, SchemaEffect

_NAME: Final = r"(?::[\"']?|[\"'`])([A-Za-z_][\w$]{0,200})[\"'`]?"
_COLUMN_CALL: Final = re.compile(
    rf"\b(add_column|addColumn|remove_column|removeColumn|drop_column)[ \t]*\(?\s*{_NAME}\s*,\s*{_NAME}"
)
_TABLE_CALL: Final = re.compile(rf"\b(create_table|createTable|drop_table|dropTable)[ \t]*\(?\s*{_NAME}")
_RENAME_CALL: Final = re.compile(
    rf"\b(?:rename_column|renameColumn)[ \t]*\(?\s*{_NAME}\s*,\s*{_NAME}\s*,\s*{_NAME}"
)
_SQL_TEXT: Final = re.compile(
    r"`\s*((?:alter|create|drop)\s+table\b[^`]{1,20000})`"
    r"|\"\s*((?:alter|create|drop)\s+table\b(?:[^\"\\\n]|\\.){1,20000})\""
    r"|'\s*((?:alter|create|drop)\s+table\b(?:[^'\\\n]|\\.){1,20000})'",
    re.IGNORECASE,
)


def code_effects(migration: Migration, text: str, patterns: TablePatterns) -> Iterator[SchemaEffect]:
    """Yield what the up migration of a script adds and removes: calls by their names, and SQL in strings.

    Args:
        patterns: where the up migration begins and ends.
    """
    if migration.path.endswith(".sql"):
        yield from sql_effects(text)
        return
    code = patterns.up_part(text)
    found: list[tuple[int, list[SchemaEffect]]] = []
    for match in _COLUMN_CALL.finditer(code):
        exists = match[1].startswith("add")
        found.append((match.start(), [SchemaEffect(match[2].lower(), (match[3].lower(),), exists=exists)]))
    for match in _TABLE_CALL.finditer(code):
        found.append((match.start(), [SchemaEffect(match[2].lower(), exists=match[1].startswith("create"))]))
    for match in _RENAME_CALL.finditer(code):
        table = match[1].lower()
        effects = [
            SchemaEffect(table, (match[2].lower(),), exists=False),
            SchemaEffect(table, (match[3].lower(),), exists=True),
        ]
        found.append((match.start(), effects))
    for match in _SQL_TEXT.finditer(code):
        sql = next(filter(None, match.groups())).replace('\\"', '"').replace("\\'", "'")
        found.append((match.start(), list(sql_effects(sql))))
    for _, effects in sorted(found, key=lambda one: one[0]):
        yield from effects

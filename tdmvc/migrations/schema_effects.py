"""Finds which tables and columns a migration adds or removes: a hint, which may miss some, and never runs anything."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from tdmvc.migrations.code_tables import (
    EFCORE,
    KNEX,
    KYSELY,
    MIKROORM,
    NODE_PG_MIGRATE,
    RAILS,
    SEQUELIZE,
    TYPEORM,
)
from tdmvc.migrations.python_effects import alembic_effects, django_effects
from tdmvc.migrations.sql_effects import sql_effects
from tdmvc.model.migration import Migration, SchemaEffect
from tdmvc.model.tree import FileTree

_PATTERNS: Final = {
    "efcore": EFCORE,
    "knex": KNEX,
    "kysely": KYSELY,
    "mikroorm": MIKROORM,
    "node-pg-migrate": NODE_PG_MIGRATE,
    "rails": RAILS,
    "sequelize": SEQUELIZE,
    "typeorm": TYPEORM,
}
"""Tools in whose code the down migration can be told apart."""

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


@dataclass(slots=True)
class NetEffects:
    """What a sequence of migrations leaves behind: the last effect on each table and column counts."""

    tables: dict[str, dict[tuple[str, ...], tuple[Migration, SchemaEffect]]] = field(default_factory=dict)
    """By table and column: the last effect, and the migration that has it."""
    filled: dict[str, tuple[Migration, set[str]]] = field(default_factory=dict)
    """By the id of a migration: the tables whose rows it changes."""

    def add(self, migration: Migration, effects: Iterable[SchemaEffect]) -> None:
        """Add the effects of the next migration."""
        for effect in effects:
            if effect.exists is None:
                self.filled.setdefault(migration.id, (migration, set()))[1].add(effect.table)
                continue
            last = self.tables.setdefault(effect.table, {})
            if not effect.columns:
                # A new table has only the columns that it is made with.
                last.clear()
            elif effect.columns not in last or len(effect.columns) > 1:
                for columns in [one for one in last if not set(one).isdisjoint(effect.columns)]:
                    del last[columns]
            last[effect.columns] = (migration, effect)

    @property
    def shapes(self) -> Iterator[tuple[Migration, SchemaEffect]]:
        """The last effect on each table and column, and the migration that has it."""
        for last in self.tables.values():
            yield from last.values()


def net_effects(tree: FileTree, tool: str, migrations: Sequence[Migration]) -> NetEffects:
    """Return what migrations leave behind, in the order in which they are given."""
    texts = dict(tree.read_texts(dict.fromkeys(migration.path for migration in migrations)))
    counts: dict[str, int] = {}
    for migration in migrations:
        counts[migration.path] = counts.get(migration.path, 0) + 1
    net = NetEffects()
    for migration in migrations:
        # The text of a file with several migrations, such as a changelog of Liquibase, is not that of one.
        if tool != "liquibase" and counts[migration.path] == 1 and migration.path in texts:
            net.add(migration, _effects(tool, migration, texts[migration.path]))
    return net


def _effects(tool: str, migration: Migration, text: str) -> Iterator[SchemaEffect]:
    if migration.path.endswith(".sql"):
        return sql_effects(text)
    if tool == "django":
        return django_effects(text, migration)
    if tool == "alembic":
        return alembic_effects(text)
    return _code_effects(_PATTERNS[tool].up_part(text)) if tool in _PATTERNS else iter(())


def _code_effects(code: str) -> Iterator[SchemaEffect]:
    """Yield the effects of calls by their names, and of SQL in strings, in their order."""
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

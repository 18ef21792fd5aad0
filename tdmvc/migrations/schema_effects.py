"""Finds which tables and columns a migration adds or removes: a hint, which may miss some, and never runs anything."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tdmvc.migrations.base import EffectReader
from tdmvc.migrations.sql_effects import sql_effects
from tdmvc.migrations.tools import READERS
from tdmvc.model.migration import Migration, SchemaEffect
from tdmvc.model.tree import FileTree


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
        # The text of a file with several migrations is not that of one.
        if counts[migration.path] == 1 and migration.path in texts:
            net.add(migration, _effects(tool, migration, texts[migration.path]))
    return net


def _effects(tool: str, migration: Migration, text: str) -> Iterable[SchemaEffect]:
    reader = READERS.get(tool)
    if isinstance(reader, EffectReader):
        return reader.effects(migration, text)
    return sql_effects(text) if migration.path.endswith(".sql") else ()

"""Returns the SQL that migrations run one after another, for whoever reads the tables that it leaves behind."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from tdmvc.migrations.base import ContentDigest
from tdmvc.migrations.paths import ancestors, base_of, inside
from tdmvc.migrations.sql_tables import DOWN, without_templates
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.tree import FileTree

_SQL: Final = (".sql", ".pgsql", ".psql", ".mysql")
_SCHEMA_FILES: Final = frozenset({"schema.sql", "structure.sql"})
"""What stands for migrations that were removed, and holds what the others make, too."""
_WITH_DOWN: Final = frozenset({"sql", "node-pg-migrate"})
"""Tools whose scripts may go on with a down migration that is part of their digest."""
_DBMS: Final = re.compile(r"--\s*changeset\b[^\n]*?\bdbms:(?:\"([^\"\n]*)\"|(\S+))", re.IGNORECASE)
_ENGINES: Final = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "pg": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
    "duckdb": "duckdb",
}
_DECLARED: Final = re.compile(r"""^\s*"?(?:provider|dialect)"?\s*[=:]\s*"(\w+)\"""", re.MULTILINE)


@dataclass(slots=True)
class KeptTexts(ContentDigest):
    """A digest that keeps the texts, too."""

    texts: dict[str, list[str]] = field(default_factory=dict)
    """By id: more than one if several files have it, or change sets for several databases."""

    def add(self, id_: str, content: str) -> None:
        """Add one file, and keep its text."""
        ContentDigest.add(self, id_, content)
        self.texts.setdefault(id_, []).append(content)


@dataclass(frozen=True, slots=True)
class UpScript:
    """What a migration runs."""

    migration: Migration
    text: str | None
    """Its up migration, with each line where its file has it; None if it is not written in SQL."""
    has_templates: bool = False
    """Whether something between `${` and `}` or `{{` and `}}` was left out."""
    engines: frozenset[str] = frozenset()
    """The kinds of databases for which it runs, or that come behind a `!` if it does not; empty for all."""

    def runs_in(self, engine: str) -> bool:
        """Whether it runs in a kind of database."""
        wanted = {one for one in self.engines if not one.startswith("!")}
        return f"!{engine}" not in self.engines and (not wanted or engine in wanted)


def scripts_of(tree: FileTree, state: MigrationState, kept: KeptTexts) -> Iterator[UpScript]:
    """Yield what each migration of a state runs, in an order in which they can be applied."""
    found = list(state.migrations)
    schema = next((one.path for one in found if base_of(one.path) in _SCHEMA_FILES), None)
    if schema is not None and (text := tree.read_text(schema)):
        yield UpScript(next(one for one in found if one.path == schema), text)
        return
    originals = dict(tree.read_texts(dict.fromkeys(one.path for one in found if _is_sql(one.path))))
    left = {id_: list(texts) for id_, texts in kept.texts.items()}
    times = Counter(one.id for one in found)
    for migration in found:
        texts = left.get(migration.id, [])
        # Change sets of one id for several databases follow the first one.
        taken, left[migration.id] = (texts[:1], texts[1:]) if times[migration.id] > 1 else (texts, [])
        for up in taken or [""]:
            if migration.path in originals:
                yield _script(migration, up, originals[migration.path], state.location.tool)
            else:
                yield UpScript(migration, None)


def scripts_until(scripts: Iterable[UpScript], id_: str) -> list[UpScript]:
    """Return the scripts of a migration and of all that must run before it."""
    listed = list(scripts)
    parents = {one.migration.id: one.migration.parents for one in listed}
    needed, waiting = {id_}, [id_]
    while waiting:
        more = [one for one in parents.get(waiting.pop(), ()) if one not in needed]
        needed.update(more)
        waiting += more
    return [one for one in listed if one.migration.id in needed]


def find_migration(state: MigrationState, name: str) -> Migration | None:
    """Return the migration that a text names: by its id, also without leading zeros, or the name of its file."""
    plain = name.lstrip("0")
    for one in state.migrations:
        if name in (one.id, base_of(one.path), base_of(one.path).rpartition(".")[0]):
            return one
    numbered = [one for one in state.migrations if plain.isdigit() and one.id.lstrip("0") == plain]
    return numbered[0] if len(numbered) == 1 else None


def declared_engine(tree: FileTree, state: MigrationState) -> str | None:
    """Return the kind of database that the settings of a tool or the name of a folder says; None if none does."""
    folder = state.location.path.strip("/")
    for path in (inside(folder, "migration_lock.toml"), inside(folder, "meta/_journal.json")):
        found = _DECLARED.search(tree.read_text(path) or "")
        if found is not None and found[1] in _ENGINES:
            return _ENGINES[found[1]]
    for place in ancestors(folder):
        words = re.findall(r"[a-z0-9]+", base_of(place).lower())
        named = {_ENGINES[word] for word in words if word in _ENGINES}
        if len(named) == 1:
            return named.pop()
    return None


def _is_sql(path: str) -> bool:
    return path.lower().endswith(_SQL)


def _script(migration: Migration, up: str, original: str, tool: str) -> UpScript:
    if tool in _WITH_DOWN and (down := DOWN.search(up)) is not None:
        up = up[: down.start()]
    # Liquibase's change sets hold the texts of the files that they run, too.
    text = _on_own_lines(up.replace("\0", "\n"), original)
    plain = without_templates(text)
    return UpScript(migration, plain, plain != text, _engines(up) if tool == "liquibase" else frozenset())


def _engines(text: str) -> frozenset[str]:
    """Return the databases that the header of a change set of Liquibase names."""
    found = _DBMS.match(text.lstrip())
    names = re.split(r"[,\s]+", (found[1] or found[2] or "").lower()) if found is not None else []
    return frozenset(_known(name) for name in names if name not in ("", "all"))


def _known(name: str) -> str:
    plain = name.lstrip("!")
    return ("!" if name.startswith("!") else "") + _ENGINES.get(plain, plain)


def _on_own_lines(part: str, original: str) -> str:
    """Return some lines of a text with blank lines in place of the others, so that each keeps its number."""
    lines, position = _lines(part), 0
    placed: list[str] = []
    for line in _lines(original):
        is_next = position < len(lines) and line.strip() == lines[position].strip()
        placed.append(lines[position] if is_next else "")
        position += is_next
    return "\n".join([*placed, *lines[position:]])


def _lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

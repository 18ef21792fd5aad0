"""Reads yoyo's migrations: Python and SQL files that name the migrations they depend on."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from tdmvc.migrations.base import Reading
from tdmvc.migrations.evidence import folders_with, marked_folders
from tdmvc.migrations.graph import find_heads, finish_graph, parents_of
from tdmvc.migrations.linear import files_in
from tdmvc.migrations.paths import base_of, folder_of, inside, join, own_files
from tdmvc.migrations.python_source import (
    NOT_LITERAL,
    Assigned,
    PythonSource,
    Value,
    evaluate,
    module_assignments,
    parse_migration,
)
from tdmvc.migrations.python_tables import called_sql_tables
from tdmvc.migrations.sql_tables import sql_tables
from tdmvc.migrations.text import parse_ini
from tdmvc.model.migration import Migration, MigrationState
from tdmvc.model.tree import FileTree

CONFIG: Final = "yoyo.ini"

_FOLDERS: Final = frozenset({"migrate", "migration", "migrations", "schema_migrations", "yoyo"})
_MARKER: Final = re.compile(
    r"^(?:from[ \t]+yoyo[ \t]+import|import[ \t]+yoyo\b|__depends__[ \t]*=|[ \t]*--[ \t]*depends[ \t]*:)",
    re.MULTILINE,
)
_DIRECTIVE: Final = re.compile(r"\s*--\s*(\w+)\s*:(.*)")
_FILE: Final = re.compile(r"(?!_tmp_yoyonew|post-apply).*\.(?:py|sql)(?<!\.rollback\.sql)", re.DOTALL)


class YoyoReader:
    """Reads folders of yoyo migrations; heads are those that no other one depends on."""

    name = "yoyo"

    def detect(self, tree: FileTree) -> set[str]:
        """Find the folders that a yoyo.ini names, and those whose first files are yoyo's."""
        found: set[str] = set()
        covered: set[str] = set()
        for path, sources in _configured(tree, [p for p in own_files(tree) if base_of(p) == CONFIG]):
            covered.update(sources)
            # Migrations of one source may depend on another one, so several are one location.
            found.update([path] if len(sources) > 1 else sources)
        folders = folders_with(tree, (".py", ".sql"), _FILE)
        likely = {f: folders[f] for f in folders if base_of(f) in _FOLDERS and f not in covered}
        found.update(marked_folders(tree, likely, _MARKER))
        return found

    def read(self, reading: Reading) -> MigrationState:
        """Read a location that is a folder of migrations, or a yoyo.ini that names some.

        Several heads are no problem for yoyo, which applies independent migrations in any order.
        """
        for path, text in reading.tree.read_texts(_paths(reading.tree, reading.path)):
            _read_file(reading, path, text)
        if not reading.migrations:
            raise reading.nothing_found("*.py and *.sql files of yoyo")
        known = {migration.id for migration in reading.migrations}
        for migration in reading.migrations:
            for parent in migration.parents:
                if parent not in known:
                    message = f"{migration.id} depends on '{parent}', which does not exist."
                    reading.add_problem("dangling-parent", message, migration.path)
        return finish_graph(reading, find_heads(parents_of(reading.migrations)), link="__depends__")


def _read_file(reading: Reading, path: str, text: str) -> None:
    id_ = base_of(path).rpartition(".")[0]
    if path.endswith(".sql"):
        listed, comment = _sql_header(text)
        depends = tuple(listed)
        migration = Migration(id_, comment or id_, path, touches=sql_tables(text))
    else:
        source = parse_migration(path, text)
        depends = _depends(path, source)
        migration = Migration(id_, source.docstring or id_, path, touches=called_sql_tables(source, "step"))
    parents = tuple(dict.fromkeys(sorted(depends)))
    reading.add(replace(migration, parents=parents), text)


def _depends(path: str, source: PythonSource) -> tuple[str, ...]:
    names = module_assignments(source)
    if "__depends__" not in names:
        if source.module is None:
            raise source.error(path)
        return ()
    assigned = names["__depends__"]
    value = _iterated(assigned.expression, names)
    several = value if isinstance(value, tuple) else (value,)
    texts = tuple(item for item in several if isinstance(item, str))
    if len(texts) != len(several):
        raise assigned.error(path, "`__depends__` is not a literal set of strings")
    return texts


def _iterated(expression: ast.expr, names: dict[str, Assigned]) -> Value:
    """Return the items of an expression, which may also be a dict or a call of `set`."""
    match expression:
        case ast.Dict(keys=keys):
            # yoyo's template writes `{}` if there is no dependency.
            return tuple(evaluate(key, names) if key is not None else NOT_LITERAL for key in keys)
        case ast.Call(func=ast.Name(id="set" | "frozenset" | "list" | "tuple"), args=[], keywords=[]):
            return ()
        case ast.Call(func=ast.Name(id="set" | "frozenset" | "list" | "tuple"), args=[inner], keywords=[]):
            return evaluate(inner, names)
    return evaluate(expression, names)


def _sql_header(text: str) -> tuple[list[str], str]:
    """Return the dependencies in the comments at the top of an SQL file, and their first other line."""
    depends: list[str] = []
    comment = ""
    for line in text.splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("--"):
            break
        match = _DIRECTIVE.fullmatch(line)
        if match and match[1] == "depends":
            depends.extend(match[2].split())
        elif not comment and not (match and match[1] == "transactional"):
            comment = stripped.lstrip("-").strip()
    return depends, comment


def _is_migration(path: str) -> bool:
    return _FILE.fullmatch(base_of(path)) is not None


def _paths(tree: FileTree, path: str) -> list[str]:
    """Return the migrations of a location; yoyo ignores subfolders of its sources."""
    config = path if base_of(path) == CONFIG else inside(path, CONFIG)
    direct = list(filter(_is_migration, files_in(tree, path)))
    if direct:
        return direct
    folders = [folder for _, found in _configured(tree, [config]) for folder in found]
    if not folders:
        folders = [inside(path, "migrations")]
    return [p for folder in folders for p in files_in(tree, folder) if _is_migration(p)]


def _configured(tree: FileTree, paths: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Yield each configuration file with the folders of its `sources` that contain migrations."""
    for path, text in tree.read_texts(paths):
        sources = parse_ini(text).defaults().get("sources", "").replace("%(here)s", ".").split()
        patterns = [f for source in sources if (f := join(folder_of(path), source)) is not None]
        files = [p for p in tree.list_files(folder_of(path)) if _is_migration(p)] if patterns else []
        folders = dict.fromkeys(folder_of(p) for p in files)
        found = [f for pattern in patterns for f in folders if f == pattern or _matches(f, pattern)]
        yield path, list(dict.fromkeys(found))


def _matches(folder: str, pattern: str) -> bool:
    """Return whether a folder matches a shell pattern, whose stars match no slash."""
    parts, patterns = folder.split("/"), pattern.split("/")
    return len(parts) == len(patterns) and all(map(fnmatchcase, parts, patterns))

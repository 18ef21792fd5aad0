"""Suggests an environment for a new tdmvc.yaml, from what the application's own files say about its database."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from tdmvc.environments.planning.selection import DEFAULT_NAME
from tdmvc.migrations.commands import find_command
from tdmvc.migrations.paths import base_of, own_files
from tdmvc.model.environment import EMBEDDED, EMBEDDED_MARIADB, Environment
from tdmvc.model.migration import MigrationLocation
from tdmvc.model.tree import FileTree

_DATABASES = {
    "postgresql": EMBEDDED,
    "postgres": EMBEDDED,
    "mysql": EMBEDDED_MARIADB,
    "mariadb": EMBEDDED_MARIADB,
    # Git ignores this folder.
    "sqlite": "sqlite:///.dvc/tmp/test.sqlite3",
    "sqlite3": "sqlite:///.dvc/tmp/test.sqlite3",
}
_SCHEMES = {EMBEDDED: "postgresql", EMBEDDED_MARIADB: "mysql"}
_KIND = "|".join(_DATABASES)
_SETTINGS = re.compile(
    r"settings(?:_?\w+)?\.py|schema\.prisma|alembic\.ini|knexfile\.[cm]?[jt]s|database\.yml"
)
_ENV_FILE = re.compile(r"\.?env(?:\.\w+)?")
_COMPOSE = re.compile(r"(?:docker-)?compose[\w.-]*\.ya?ml")
_IN_SETTINGS = re.compile(
    rf"django\.db\.backends\.(?P<django>{_KIND})|provider\s*=\s*\"(?P<prisma>{_KIND})\""
    rf"|\b(?P<url>{_KIND})(?:\+\w+)?://|(?:adapter:|client:)\s*['\"]?(?P<name>{_KIND})"
)
_IN_COMPOSE = re.compile(rf"image:\s*['\"]?(?:[\w.-]+/)*(?P<image>{_KIND})\b")
_VARIABLE = re.compile(
    rf"^\s*(?:export\s+)?(?P<variable>[A-Z][A-Z0-9_]*)\s*=\s*['\"]?(?P<url>{_KIND})(?P<driver>\+\w+)?:",
    re.MULTILINE,
)
_MOST_FILES = 50


def suggest_environment(tree: FileTree, migrations: Sequence[MigrationLocation]) -> Environment | None:
    """Return an environment for an application with migrations; None for one without."""
    if not migrations:
        return None
    files = own_files(tree)
    variables = list(_variables(tree, files))
    database = next(iter(_databases(tree, files, [kind for _, kind, _ in variables])), EMBEDDED)
    exports = {
        name: "{sqlalchemy_url}" if has_driver else "{url}"
        for name, kind, has_driver in variables
        if _DATABASES[kind] == database
    }
    commands = [find_command(tree, location, _SCHEMES.get(database, "sqlite")) for location in migrations]
    lines = [
        f"cd {shlex.quote(one.folder)} && {one.command}" if one.folder else one.command
        for one in commands
        if one is not None and not one.variables
    ]
    is_whole = bool(lines) and len(lines) == len(commands) == 1
    return Environment(
        DEFAULT_NAME,
        database,
        migrate=lines[0] if is_whole else None,
        exports=exports or Environment(DEFAULT_NAME).exports,
    )


def _variables(tree: FileTree, files: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """Yield variables that hold a database's URL: name, kind of database, and whether the URL names a driver.

    A file that Git ignores often has the only example. Nothing but names is taken from it.
    """
    paths = [path for path in files if _ENV_FILE.fullmatch(base_of(path))][:_MOST_FILES]
    seen: set[str] = set()
    for _, text in tree.read_texts(dict.fromkeys([".env", *paths])):
        for match in _VARIABLE.finditer(text):
            if match["variable"] not in seen:
                seen.add(match["variable"])
                yield match["variable"], match["url"], match["driver"] is not None


def _databases(tree: FileTree, files: Sequence[str], kinds: Iterable[str]) -> Iterator[str]:
    """Yield the databases that the application's files name, the most reliable first."""
    yield from (_DATABASES[kind] for kind in kinds)
    for names, pattern in ((_SETTINGS, _IN_SETTINGS), (_COMPOSE, _IN_COMPOSE)):
        paths = [path for path in files if names.fullmatch(base_of(path))][:_MOST_FILES]
        for _, text in tree.read_texts(paths):
            found = [
                _DATABASES[next(value for value in match.groupdict().values() if value)]
                for match in pattern.finditer(text)
            ]
            # Where settings have a file and a server, the file is what they take if nobody names the server.
            yield from sorted(found, key=lambda database: database not in _SCHEMES)

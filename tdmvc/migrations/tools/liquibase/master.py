"""Finds Liquibase's master changelog, by configuration or by its file name."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tdmvc.errors import MigrationsError
from tdmvc.migrations.paths import ancestors, base_of, folder_of, inside, is_left_out, join
from tdmvc.migrations.text import parse_properties, parse_yaml
from tdmvc.migrations.tools.liquibase.formats import ENDINGS
from tdmvc.migrations.tools.liquibase.modules import RESOURCES
from tdmvc.migrations.tools.liquibase.sql import is_formatted
from tdmvc.model.tree import FileTree
from tdmvc.yaml.foreign import flatten

_RESOURCES_FOLDER: Final = "src/main/resources"
_PROPERTIES: Final = re.compile(r"(?:liquibase[\w.-]*|application[\w-]*)\.properties")
_YAML: Final = re.compile(r"application[\w-]*\.ya?ml")
_BUILD: Final = re.compile(r"pom\.xml|build\.gradle(?:\.kts)?")
_IN_BUILD: Final = re.compile(r"<changeLogFile>([^<>]{1,500})<|\bchange[lL]ogFile\W{1,5}([\w./:-]{1,500})")
_KEY: Final = re.compile(
    r"(?:(?:.*\.)?liquibase\.(?:.*\.)?(?:command\.)?)?change-?log(?:-?file)?", re.IGNORECASE
)
_MAX_KEY: Final = 200
_SEARCH_PATH: Final = re.compile(r"(?:liquibase\.)?(?:search-?path|classpath)", re.IGNORECASE)
_MASTER_NAME: Final = re.compile(
    r"(?:.*[._-])?(?:master|root|main)[._-]?change-?log(?:[._-].*)?|(?:.*[._-])?change-?log[._-]?(?:master|root|main)"
    r"|(?:(?:db|database|liquibase)[._-]?)?change-?logs?",
    re.IGNORECASE,
)
_MASTER_IN_FOLDER: Final = re.compile(r"(?:db[._-])?(?:master|root|main)", re.IGNORECASE)
_CHANGELOG_FOLDER: Final = re.compile(r".*(?:liquibase|change-?logs?).*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class MasterChangelog:
    """A master changelog, and where Liquibase searches for what it includes."""

    path: str
    """Relative to the repository root."""
    resource_path: str
    """Its path in Liquibase's search path, which is part of the ids of its change sets."""
    roots: tuple[str, ...]
    """Folders of the search path, the likeliest first."""
    is_configured: bool = False


@dataclass(frozen=True, slots=True)
class _Config:
    path: str
    """The configuration file."""
    changelogs: tuple[str, ...]
    search_path: tuple[str, ...] = ()


def plain_path(path: str) -> str:
    """Return a path as Liquibase compares it: relative, with forward slashes and without `classpath:`."""
    path = path.strip().replace("\\", "/")
    path = re.sub(r"^(?:classpath\*?|file):", "", path)
    return path.removeprefix("./").lstrip("/")


def is_changelog_name(path: str) -> bool:
    """Return whether a file has an ending that Liquibase reads."""
    return path.lower().endswith(ENDINGS)


def find_masters(tree: FileTree, paths: Sequence[str]) -> list[MasterChangelog]:
    """Return the masters that configuration files among `paths` name, then those with a usual name."""
    paths = [path for path in paths if not is_left_out(path)]
    known = set(paths)
    found: dict[str, MasterChangelog] = {}
    for config in _read_configs(tree, paths):
        for changelog in config.changelogs:
            master = _configured_master(config, changelog, known)
            if master is not None:
                found.setdefault(master.path, master)
    named = [path for path in paths if _has_master_name(path) and path not in found]
    for path, text in tree.read_texts(named):
        if is_changelog(path, text):
            found[path] = master_at(tree, path, paths)
    return list(found.values())


def master_at(tree: FileTree, path: str, paths: Iterable[str]) -> MasterChangelog:
    """Return the master at a path, with the search path of its configuration among `paths`."""
    above = {f for folder in ancestors(folder_of(path)) for f in (folder, inside(folder, _RESOURCES_FOLDER))}
    near = [p for p in paths if folder_of(p) in above and _is_config(p)]
    for config in _read_configs(tree, near):
        for changelog in config.changelogs:
            master = _configured_master(config, changelog, {path})
            if master is not None:
                return master
    return MasterChangelog(path, _resource_path(path), _roots(path))


def is_changelog(path: str, text: str) -> bool:
    """Return whether a file is a changelog, judging by its beginning."""
    return is_formatted(text) if path.lower().endswith(".sql") else "databaseChangeLog" in text[:20_000]


def _has_master_name(path: str) -> bool:
    if not is_changelog_name(path):
        return False
    stem = base_of(path).rpartition(".")[0]
    if _MASTER_NAME.fullmatch(stem):
        return True
    folder = base_of(folder_of(path))
    return bool(_MASTER_IN_FOLDER.fullmatch(stem) and _CHANGELOG_FOLDER.fullmatch(folder))


def _resource_path(path: str) -> str:
    match = RESOURCES.match(path)
    return path[match.end() + 1 :] if match else path


def _roots(path: str, configured: Iterable[str] = ()) -> tuple[str, ...]:
    match = RESOURCES.match(path)
    resources = [match[0]] if match else []
    return tuple(dict.fromkeys([*configured, *resources, *ancestors(folder_of(path))]))


def _is_config(path: str) -> bool:
    name = base_of(path)
    return bool(_PROPERTIES.fullmatch(name) or _YAML.fullmatch(name) or _BUILD.fullmatch(name))


def _configured_master(config: _Config, changelog: str, known: set[str]) -> MasterChangelog | None:
    """Return the master that a configuration names, if it is among the known files."""
    here = folder_of(config.path)
    match = RESOURCES.match(config.path)
    search_path = [root for path in config.search_path if (root := join(here, path)) is not None]
    bases = [*search_path, match[0] if match else here, inside(here, _RESOURCES_FOLDER), here, ""]
    # Maven's own folders: `${project.basedir}/src/…`, and the one to which it copies resources.
    name = plain_path(re.sub(r"^\$\{[\w.]+\}/", "", changelog)).removeprefix("target/classes/")
    for base in dict.fromkeys(bases):
        path = join(base, name)
        if path is not None and path in known:
            resource = _resource_path(path) if RESOURCES.match(path) else name
            return MasterChangelog(path, resource, _roots(path, [*search_path, base]), is_configured=True)
    return None


def _read_configs(tree: FileTree, paths: Iterable[str]) -> Iterator[_Config]:
    """Yield the configurations in files, the deepest first; files that cannot be read have none."""
    # Of two that name the same changelog, the nearer one determines the search path.
    configs = sorted((path for path in paths if _is_config(path)), key=lambda path: -path.count("/"))
    for path, text in tree.read_texts(configs):
        if not re.search("change-?log", text, re.IGNORECASE):
            continue
        if _BUILD.fullmatch(base_of(path)):
            yield _Config(path, tuple(m[1] or m[2] for m in _IN_BUILD.finditer(text)))
            continue
        is_own = base_of(path).startswith("liquibase")
        changelogs: list[str] = []
        search_path: list[str] = []
        for key, value in _settings(path, text):
            if _KEY.fullmatch(key[:_MAX_KEY]) and (is_own or "liquibase." in key.lower()):
                changelogs.append(value)
            elif is_own and _SEARCH_PATH.fullmatch(key):
                search_path.extend(part.strip() for part in re.split("[,;:]", value) if part.strip())
        yield _Config(path, tuple(changelogs), tuple(search_path))


def _settings(path: str, text: str) -> Iterator[tuple[str, str]]:
    if _YAML.fullmatch(base_of(path)):
        try:
            for document in parse_yaml(path, text):
                yield from flatten(document)
        except MigrationsError:
            # Templates of configuration are often not YAML; then only file names are used.
            return
        return
    yield from parse_properties(text)

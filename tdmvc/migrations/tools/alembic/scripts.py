"""Finds the revision files of a location, which may be any of Alembic's folders."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tdmvc.migrations.linear import files_below, files_in
from tdmvc.migrations.paths import ancestors, base_of, folder_of, inside
from tdmvc.migrations.tools.alembic.config import INI, PYPROJECT, AlembicConfig, read_configs
from tdmvc.model.tree import FileTree

_LOCATIONS: Final = re.compile(r"\b(?:recursive_)?version_locations\b")
"""What code contains that sets where Alembic searches."""


@dataclass(frozen=True, slots=True)
class ScriptFiles:
    """The revision files of a location, sorted."""

    paths: tuple[str, ...]
    in_subfolders: tuple[str, ...] = ()
    """Files below these folders, which Alembic searches only if code tells it to."""
    has_locations_in_code: bool = False
    """Whether code near the location sets `version_locations`."""


def is_script(path: str) -> bool:
    """Return whether a file may be a revision file."""
    name = base_of(path)
    return name.endswith(".py") and not name.startswith(("__init__", ".#"))


def versions_of(folder: str) -> str:
    """Return the versions folder of a script folder."""
    return inside(folder, "versions")


def existing_folder(tree: FileTree, candidates: Iterable[str]) -> str | None:
    """Return the first of these folders that contains files."""
    return next((folder for folder in candidates if tree.list_files(folder)), None)


def find_scripts(tree: FileTree, folder: str) -> ScriptFiles:
    """Return the revision files of a location that is any of Alembic's folders."""
    is_file = base_of(folder) in {INI, PYPROJECT}
    own = [folder] if is_file else [inside(folder, name) for name in (INI, PYPROJECT)]
    for config in read_configs(tree, own):
        script = existing_folder(tree, config.script_folders)
        if script is not None and (scripts := configured_scripts(tree, config, script)):
            return scripts
    above = [inside(place, name) for place in ancestors(folder) for name in (INI, PYPROJECT)]
    configs = list(read_configs(tree, above))
    config_of_folder = next((config for config in configs if folder in config.script_folders), None)
    if config_of_folder is not None and (scripts := configured_scripts(tree, config_of_folder, folder)):
        return scripts
    if scripts := _scripts_in(tree, [versions_of(folder)], is_recursive=True):
        return scripts
    parent = next((c for c in configs if folder_of(folder) in c.script_folders), None)
    found = None
    if folder:
        found = _scripts_in(
            tree,
            [folder],
            is_recursive=parent is None or parent.is_recursive,
            script_folder=None if parent is None or parent.version_folders else folder_of(folder),
        )
    return found or ScriptFiles(())


def configured_scripts(tree: FileTree, config: AlembicConfig, script_folder: str) -> ScriptFiles | None:
    """Return the revision files of a script folder according to its configuration, if there are any."""
    named = [existing_folder(tree, candidates) for candidates in config.version_folders]
    folders = [folder for folder in named if folder is not None]
    return _scripts_in(
        tree,
        folders or [versions_of(script_folder)],
        is_recursive=config.is_recursive,
        script_folder=None if folders else script_folder,
    )


def _scripts_in(
    tree: FileTree, folders: Iterable[str], *, is_recursive: bool, script_folder: str | None = None
) -> ScriptFiles | None:
    """Return the revision files of folders, or None if there are none.

    Some applications set in code where Alembic searches, and code is not run: subfolders count if they have
    no revision files next to them, and are kept apart if they do.

    Args:
        script_folder: the script folder, if its configuration does not name the folders.
    """
    paths: set[str] = set()
    inner: set[str] = set()
    for folder in folders:
        scripts = list(filter(is_script, files_below(tree, folder)))
        direct = [path for path in scripts if folder_of(path) == folder]
        if is_recursive or not direct:
            paths.update(scripts)
        else:
            paths.update(direct)
            inner.update(scripts)
    if not paths:
        return None
    if script_folder is None or inner <= paths:
        return ScriptFiles(tuple(sorted(paths)))
    in_code = _sets_locations(tree, script_folder)
    return ScriptFiles(tuple(sorted(paths)), tuple(sorted(inner - paths)), in_code)


def _sets_locations(tree: FileTree, script_folder: str) -> bool:
    """Return whether code in the script folder, or in one of the two folders above it, sets where Alembic searches."""
    near = [path for place in ancestors(script_folder)[:3] for path in files_in(tree, place)]
    texts = tree.read_texts([path for path in near if path.endswith(".py")])
    return any(_LOCATIONS.search(text) for _, text in texts)

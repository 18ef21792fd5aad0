"""Finds Django applications and projects in a repository, and the labels of applications."""

import ast
from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import Final

from tdmvc.migrations.paths import (
    LEFT_OUT,
    TESTS,
    base_of,
    below,
    common_folder,
    folder_of,
    inside,
    is_inside,
    is_left_out,
    outermost,
)
from tdmvc.migrations.python_source import assignments, evaluate, parse_source
from tdmvc.model.tree import FileTree

_TESTS: Final = TESTS - {"spec", "testing"}
"""Folders of tests in a Python project; the other names may be applications."""


def is_module(path: str) -> bool:
    """Return whether Django takes a file of a migrations folder for a migration."""
    name = base_of(path)
    return name.endswith(".py") and name[0] not in "_~."


def find_app_folders(paths: Iterable[str], folder: str) -> dict[str, list[str]]:
    """Return the modules of each `migrations` folder below `folder`, or those of `folder` itself.

    Tests and vendored code below `folder` are left out, but an application itself may be called `vendor`.
    """
    found: dict[str, list[str]] = defaultdict(list)
    own: list[str] = []
    for path in paths:
        if not is_module(path):
            continue
        migrations = folder_of(path)
        if migrations == folder:
            own.append(path)
        if base_of(migrations) != "migrations":
            continue
        app = below(folder_of(migrations), folder) if folder_of(migrations) != folder else ""
        if migrations == folder or not _is_of_tests(app):
            found[migrations].append(path)
    if not found and own and folder:
        found[folder] = own
    return dict(found)


def _is_of_tests(app: str) -> bool:
    """Return whether an application, or a folder around it, belongs to tests; it may be called `spec`."""
    parts = app.split("/")
    return not _TESTS.isdisjoint(parts) or not (LEFT_OUT - TESTS).isdisjoint(parts[:-1])


def find_projects(paths: Collection[str], apps: Collection[str]) -> list[str]:
    """Return the folders to read so that each application is read once."""
    if not apps:
        return []
    managed = [folder_of(p) for p in paths if base_of(p) == "manage.py" and not is_left_out(p)]
    managed = [folder for folder in managed if any(is_inside(app, folder) for app in apps)]
    projects = outermost(managed)
    outside = [app for app in apps if not any(is_inside(app, project) for project in projects)]
    if len(projects) < 2:
        return [common_folder([*projects, *outside])]
    return sorted([*projects, *outside])


def read_labels(tree: FileTree, folders: Iterable[str], fallback: str) -> dict[str, str]:
    """Return the application label of each migrations folder.

    It is the name of the application's folder, unless its `apps.py` sets another one;
    `fallback` is the label of an application at the root of the repository.
    """
    labels = {folder: base_of(folder_of(folder)) or fallback for folder in folders}
    configs = {inside(folder_of(folder), "apps.py"): folder for folder in labels}
    for path, text in tree.read_texts(configs):
        if "label" in text and (label := _declared_label(text)):
            labels[configs[path]] = label
    return labels


def _declared_label(text: str) -> str | None:
    """Return the label of the only application configuration, or of the one marked as default."""
    source = parse_source(text)
    if source.module is None:
        return None
    classes = [statement for statement in source.module.body if isinstance(statement, ast.ClassDef)]
    bodies = [assignments(c.body) for c in classes if any(_is_config(base) for base in c.bases)]
    defaults = [b for b in bodies if "default" in b and evaluate(b["default"].expression, b) is True]
    chosen = defaults if len(bodies) > 1 else bodies
    if len(chosen) != 1 or "label" not in chosen[0]:
        return None
    label = evaluate(chosen[0]["label"].expression, chosen[0])
    return label if isinstance(label, str) and label else None


def _is_config(base: ast.expr) -> bool:
    name = base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""
    return name.endswith("Config")

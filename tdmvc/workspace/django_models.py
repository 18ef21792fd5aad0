"""The models of the Django applications in the repository."""

import re
from dataclasses import replace

from tdmvc.errors import MigrationsError
from tdmvc.migrations.tools.django.models import read_models
from tdmvc.model.django_models import DjangoModels
from tdmvc.model.migration import Migration
from tdmvc.model.tree import FileTree
from tdmvc.workspace.migrations import read_location, tree_at
from tdmvc.workspace.workspace import Workspace

_TOOL = "django"
_SETTINGS = re.compile(r"(?:^|/)settings(?:/\w+|\w*)\.py$")
_NO_ZONES = re.compile(r"(?m)^USE_TZ\s*=\s*False\b")


def read_django_models(workspace: Workspace) -> DjangoModels:
    """Return the models that the migrations of the work tree leave behind, with those of Django itself.

    A location that cannot be read has no models; `tdmvc add` says so where it records migrations.
    """
    tree = tree_at(workspace, None)
    migrations: list[Migration] = []
    for location in workspace.config.migrations:
        if location.tool == _TOOL:
            try:
                migrations += read_location(workspace, tree, location).migrations
            except MigrationsError:
                continue
    models = read_models(tree, migrations)
    return replace(models, has_time_zones=not _is_without_time_zones(tree))


def _is_without_time_zones(tree: FileTree) -> bool:
    """Whether a project's settings say `USE_TZ = False`."""
    settings = [path for path in tree.list_files() if _SETTINGS.search(path)]
    return any(_NO_ZONES.search(text) for _, text in tree.read_texts(settings))

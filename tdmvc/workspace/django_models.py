"""The models of the Django applications in the repository."""

from tdmvc.errors import MigrationsError
from tdmvc.migrations.tools.django.models import read_models
from tdmvc.model.django_models import DjangoModels
from tdmvc.model.migration import Migration
from tdmvc.workspace.migrations import read_location, tree_at
from tdmvc.workspace.workspace import Workspace

_TOOL = "django"


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
    return read_models(tree, migrations)

"""`gc --templates`: lists and removes templates of environments."""

from tdmvc.environments.all_templates import collect_templates
from tdmvc.model.environment_report import TemplatesReport
from tdmvc.workspace.workspace import Workspace


def gc_templates(workspace: Workspace, grace_days: float, *, apply: bool) -> TemplatesReport:
    """List the templates of all engines, and with `apply` remove those that nobody has used for the grace period.

    Raises:
        DatabaseError: the folder of templates cannot be used.
    """
    return collect_templates(workspace, grace_days, apply=apply)

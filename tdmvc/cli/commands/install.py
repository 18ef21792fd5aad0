"""`tdmvc install`."""

import click

from tdmvc.actions.install import install, uninstall
from tdmvc.cli.options import settings_of
from tdmvc.cli.output import print_as
from tdmvc.render.reports.install import INSTALLED, UNINSTALLED


@click.command(name="install")
@click.option(
    "--uninstall", "is_uninstall", is_flag=True, help="Remove what install wrote, and nothing else."
)
@click.pass_context
def command(context: click.Context, is_uninstall: bool) -> None:
    """Make this clone's Git show and merge rows instead of pointers.

    `git diff`, `git log -p`, `git show` and `git blame` then show rows for every .dvc
    file of a dataset, and `git merge`, `rebase`, `cherry-pick` and `stash pop` merge
    the rows of both sides. Run it once in each clone; commit .gitattributes for the
    team. Without tdmvc, Git shows and merges the text of the pointers, and nothing
    breaks.

    \b
    Examples:
      tdmvc install
      git log -p -- datasets/golden/orders.dvc
      git show --ext-diff HEAD                   # tables of any size
      git merge other                            # conflicts: tdmvc resolve
      tdmvc install --uninstall
    """
    folder = settings_of(context).directory
    if is_uninstall:
        print_as(context, UNINSTALLED, uninstall(folder))
    else:
        print_as(context, INSTALLED, install(folder))

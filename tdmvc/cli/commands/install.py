"""`tdmvc install`."""

import click

from tdmvc.actions.install import install, uninstall
from tdmvc.cli.output import emit
from tdmvc.render.install.terminal import render_installed, render_uninstalled


@click.command(name="install")
@click.option(
    "--uninstall", "is_uninstall", is_flag=True, help="Take away what install wrote, and nothing else."
)
@click.pass_context
def command(context: click.Context, is_uninstall: bool) -> None:
    """Make this clone's Git show and merge rows where it has pointers.

    Then `git diff`, `git log -p`, `git show` and `git blame` speak of rows on every
    .dvc file of a dataset, and `git merge`, `rebase`, `cherry-pick` and `stash pop` bring
    the rows of both sides together. Each clone needs this once; .gitattributes is
    committed for the team. Without tdmvc Git shows and merges the pointers' own text,
    and nothing breaks.

    \b
    Examples:
      tdmvc install
      git log -p -- datasets/golden/orders.dvc
      git show --ext-diff HEAD                   # tables of any size
      git merge other                            # conflicts: tdmvc resolve
      tdmvc install --uninstall
    """
    folder = context.obj["directory"]
    setup = uninstall(folder) if is_uninstall else install(folder)
    render = render_uninstalled if is_uninstall else render_installed
    emit(context, "terminal", dict, lambda color, width: render(setup, color=color, width=width))

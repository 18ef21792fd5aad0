"""`tdmvc status`."""

import click

from tdmvc.actions.status import status
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.reports.status import STATUS_FORMATS


@click.command(name="status")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...", shell_complete=complete_dataset)
@click.option("--remote", "ask_remote", is_flag=True, help="Ask the default remote which objects it has.")
@formats_option(STATUS_FORMATS)
@click.pass_context
def command(context: click.Context, datasets: tuple[str, ...], ask_remote: bool, output_format: str) -> None:
    """Show what was edited, added, published and pushed, for each dataset.

    Without --remote, contacts no remote and fetches nothing: "not pushed" means that this
    clone has never seen the rows on the remote, and "not known" that it has not even the
    rows.

    \b
    Examples:
      tdmvc status
      tdmvc status golden
    """
    with opened(context) as workspace:
        report = status(workspace, datasets, remote=ask_remote)
    print_as(context, STATUS_FORMATS[output_format], report)

"""`tdmvc pull`."""

import click

from tdmvc.actions.pull import pull
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.reports.transfer import TRANSFER_FORMATS


@click.command(name="pull")
@click.argument("refs", nargs=-1, metavar="[REF]...", shell_complete=complete_dataset)
@click.option("-r", "--remote", metavar="NAME", help="Use this DVC remote instead of the default one.")
@click.option("--force", is_flag=True, help="Overwrite local edits.")
@formats_option(TRANSFER_FORMATS)
@click.pass_context
def command(
    context: click.Context, refs: tuple[str, ...], remote: str | None, force: bool, output_format: str
) -> None:
    """Fetch the rows of REFs from the remote; without REFs, into the working copy.

    Every object is verified. Damaged objects in the cache are set aside and fetched
    again.

    \b
    Examples:
      tdmvc pull
      tdmvc pull golden@1.0.0
    """
    with opened(context) as workspace:
        report = pull(workspace, refs, remote=remote, force=force)
    print_as(context, TRANSFER_FORMATS[output_format], report)

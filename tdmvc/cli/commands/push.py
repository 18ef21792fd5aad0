"""`tdmvc push`."""

import click

from tdmvc.actions.push import push
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.reports.transfer import TRANSFER_FORMATS


@click.command(name="push")
@click.argument("refs", nargs=-1, metavar="[REF]...", shell_complete=complete_dataset)
@click.option("-r", "--remote", metavar="NAME", help="Use this DVC remote instead of the default one.")
@formats_option(TRANSFER_FORMATS)
@click.pass_context
def command(context: click.Context, refs: tuple[str, ...], remote: str | None, output_format: str) -> None:
    """Send the rows of REFs to the remote, and verify that each object arrived.

    Without REFs, pushes the rows of every dataset's pointers and published versions.

    \b
    Examples:
      tdmvc push
      tdmvc push golden@1.0.0 --remote archive
    """
    with opened(context) as workspace:
        report = push(workspace, refs, remote=remote)
    print_as(context, TRANSFER_FORMATS[output_format], report)

"""`tdmvc yank`."""

import click

from tdmvc.actions.yank import yank
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.reports.versions import YANK_FORMATS


@click.command(name="yank")
@click.argument("version", shell_complete=complete_dataset)
@click.option("--reason", metavar="TEXT", required=True, help="What is wrong with the version.")
@formats_option(YANK_FORMATS)
@click.pass_context
def command(context: click.Context, version: str, reason: str, output_format: str) -> None:
    """Mark a published VERSION as bad, so that no release chooses it.

    The version stays as it was published, and you can still get it by its name. No
    release and no @latest chooses it any more, and every command that shows it says
    why. To undo this, remove the file that it writes, versions/yanked/VERSION.yaml.

    \b
    Examples:
      tdmvc yank golden@1.1.0 --reason "Order totals lack the tax"
    """
    with opened(context) as workspace:
        report = yank(workspace, version, reason=reason)
    print_as(context, YANK_FORMATS[output_format], report)

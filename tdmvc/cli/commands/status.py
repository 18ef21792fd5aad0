"""`tdmvc status`."""

import click

from tdmvc.actions.status import status
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.reports import STATUS_FORMATS


@click.command(name="status")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...", shell_complete=complete_dataset)
@formats_option(STATUS_FORMATS)
@click.pass_context
def command(context: click.Context, datasets: tuple[str, ...], output_format: str) -> None:
    """Show what was edited, added, published and pushed, for each dataset.

    Contacts no remote and fetches nothing: "not pushed" means that this clone has never
    seen the rows on the remote; `tdmvc verify --remote` asks the remote.

    \b
    Examples:
      tdmvc status
      tdmvc status golden
    """
    with opened(context) as workspace:
        report = status(workspace, datasets)
    print_as(context, STATUS_FORMATS[output_format], report)

"""`tdmvc list`."""

import click

from tdmvc.actions.show import list_versions
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.model.report import DatasetList
from tdmvc.render.reports.versions import LIST_FORMATS


@click.command(name="list")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...", shell_complete=complete_dataset)
@formats_option(LIST_FORMATS)
@click.pass_context
def command(context: click.Context, datasets: tuple[str, ...], output_format: str) -> None:
    """List datasets and their published versions, newest first.

    \b
    Examples:
      tdmvc list
      tdmvc list golden --format json
    """
    with opened(context) as workspace:
        summaries = list_versions(workspace, datasets)
    print_as(context, LIST_FORMATS[output_format], DatasetList(tuple(summaries)))

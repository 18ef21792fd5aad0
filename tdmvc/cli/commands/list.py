"""`tdmvc list`."""

import click

from tdmvc.actions.show import list_versions
from tdmvc.cli.output import complete_dataset, emit, format_option, opened
from tdmvc.model.report import DatasetList
from tdmvc.render.reports.versions import render_list


@click.command(name="list")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...", shell_complete=complete_dataset)
@format_option
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
    emit(
        context,
        output_format,
        DatasetList(tuple(summaries)),
        lambda color, width: render_list(summaries, color=color, width=width),
    )

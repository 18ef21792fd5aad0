"""`tdmvc status`."""

import click

from tdmvc.actions.status import status
from tdmvc.cli.output import complete_dataset, emit, format_option, opened
from tdmvc.render.reports.status import render_status


@click.command(name="status")
@click.argument("datasets", nargs=-1, metavar="[DATASET]...", shell_complete=complete_dataset)
@format_option
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
    emit(
        context,
        output_format,
        report,
        lambda color, width: render_status(report, color=color, width=width),
    )

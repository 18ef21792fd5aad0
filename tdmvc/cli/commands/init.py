"""`tdmvc init`."""

import click

from tdmvc.actions.init import CI_HOSTS, init
from tdmvc.cli.output import emit, format_option
from tdmvc.render.add.terminal import render_init
from tdmvc.render.documents import init_document


@click.command(name="init")
@click.option(
    "--ci",
    type=click.Choice(CI_HOSTS),
    help="Also write the workflow files for reviews, drift and a merge queue (docs/ci.md).",
)
@format_option
@click.pass_context
def command(context: click.Context, ci: str | None, output_format: str) -> None:
    """Make this Git repository ready for datasets.

    Sets up DVC where it is missing, finds the application's migrations and release,
    and writes tdmvc.yaml. What is there already stays as it is.

    \b
    Examples:
      git init && tdmvc init
      tdmvc init --ci github
    """
    report = init(context.obj["directory"], ci=ci)
    emit(
        context,
        output_format,
        lambda: init_document(report),
        lambda color, width: render_init(report, color=color, width=width),
    )

"""`tdmvc init`."""

import click

from tdmvc.actions.init import init
from tdmvc.cli.output import emit, format_option
from tdmvc.render.add_terminal import render_init
from tdmvc.render.documents import init_document


@click.command(name="init")
@format_option
@click.pass_context
def command(context: click.Context, output_format: str) -> None:
    """Make this Git repository ready for datasets.

    Sets up DVC where it is missing, finds the application's migrations and release,
    and writes tdmvc.yaml. What is there already stays as it is.

    \b
    Example:
      git init && tdmvc init
    """
    report = init(context.obj["directory"])
    emit(
        context,
        output_format,
        lambda: init_document(report),
        lambda color, width: render_init(report, color=color, width=width),
    )

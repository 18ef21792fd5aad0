"""`tdmvc migrations`."""

import click

from tdmvc.actions.migrations import TOOLS, migrations
from tdmvc.cli.output import emit, format_option, opened
from tdmvc.render.documents import migrations_document
from tdmvc.render.migrations_terminal import render_migrations


@click.command(name="migrations")
@click.option("--at", metavar="REV", help="A Git revision, instead of the work tree.")
@click.option("--path", metavar="P", help="A folder, instead of what tdmvc.yaml names.")
@click.option("--tool", metavar="T", help=f"The reader: {', '.join(TOOLS[:-1])} or {TOOLS[-1]}.")
@format_option
@click.pass_context
def command(
    context: click.Context, at: str | None, path: str | None, tool: str | None, output_format: str
) -> None:
    """Show which migrations the application stands at, at any revision.

    Files are read from Git, never run.

    \b
    Examples:
      tdmvc migrations
      tdmvc migrations --at v2.14.0 --format json
      tdmvc migrations --path db/migrations --tool flyway
    """
    with opened(context) as workspace:
        states = migrations(workspace, at=at, path=path, tool=tool)
    emit(
        context,
        output_format,
        lambda: migrations_document(states),
        lambda color, width: render_migrations(states, color=color, width=width),
    )

"""`tdmvc migrations`."""

import click

from tdmvc.cli.output import emit, format_option, opened
from tdmvc.errors import MigrationsError
from tdmvc.render.migrations.json import migrations_document
from tdmvc.render.migrations.terminal import render_migrations
from tdmvc.workspace.migrations import TOOLS, survey


@click.command(name="migrations")
@click.option("--at", metavar="REV", help="A Git revision, instead of the work tree.")
@click.option(
    "--path",
    metavar="P",
    help="A folder, from the repository's root, instead of what tdmvc.yaml names.",
)
@click.option("--tool", metavar="T", help=f"The reader: {', '.join(TOOLS[:-1])} or {TOOLS[-1]}.")
@format_option
@click.pass_context
def command(
    context: click.Context, at: str | None, path: str | None, tool: str | None, output_format: str
) -> int:
    """Show which migrations the application stands at, at any revision.

    Files are read from Git, never run. Of several locations, one that cannot be understood is
    told beside the others, and the exit code is 2.

    \b
    Examples:
      tdmvc migrations
      tdmvc migrations --at v2.14.0 --format json
      tdmvc migrations --path db/migrations --tool flyway
    """
    with opened(context) as workspace:
        states, unreadable = survey(workspace, at=at, path=path, tool=tool)
    emit(
        context,
        output_format,
        lambda: migrations_document(states, unreadable),
        lambda color, width: render_migrations(states, unreadable, color=color, width=width),
    )
    return MigrationsError.exit_code if unreadable else 0

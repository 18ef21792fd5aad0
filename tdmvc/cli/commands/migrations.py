"""`tdmvc migrations`."""

import click

from tdmvc.actions.migrations import TOOLS, migrations
from tdmvc.cli.options import PATH_OR_URL, settings_of
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.errors import MigrationsError
from tdmvc.render.migrations import FORMATS


@click.command(name="migrations")
@click.option("--at", metavar="REV", help="Read this Git revision instead of the work tree.")
@click.option(
    "--path",
    metavar="P",
    help="Read this folder (relative to the repository's root) instead of those in tdmvc.yaml.",
)
@click.option("--tool", metavar="T", help=f"The migration tool: {', '.join(TOOLS[:-1])} or {TOOLS[-1]}.")
@click.option(
    "--database",
    metavar="URL",
    type=PATH_OR_URL,
    help="Also show which of them were applied to this database, and what it has besides.",
)
@formats_option(FORMATS)
@click.pass_context
def command(
    context: click.Context,
    at: str | None,
    path: str | None,
    tool: str | None,
    database: str | None,
    output_format: str,
) -> int:
    """Show the application's migration state, at any revision.

    Migrations are read from Git, never run. If one of several locations cannot be read,
    the others are still shown, and the exit code is 2. A database is only read; `tdmvc drift
    --database` checks it.

    \b
    Examples:
      tdmvc migrations
      tdmvc migrations --at v2.14.0 --format json
      tdmvc migrations --path db/migrations --tool flyway
      tdmvc migrations --database postgresql://app@localhost/shop
    """
    with opened(context) as workspace:
        location = None if database is None else settings_of(context).location(database)
        report = migrations(workspace, at=at, path=path, tool=tool, database=location, keep_going=True)
    print_as(context, FORMATS[output_format], report)
    return MigrationsError.exit_code if report.unreadable else 0

"""`tdmvc blame`."""

import click

from tdmvc.actions.blame import DEFAULT_ROWS, BlameOptions, blame
from tdmvc.cli.options import named_table, tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.render.history import BLAME_FORMATS


@click.command(name="blame")
@click.argument("dataset", metavar="DATASET[@REV]", shell_complete=complete_dataset)
@click.argument("table", required=False)
@tables_option("The table, like the argument TABLE.", metavar="NAME")
@click.option(
    "--key",
    "key",
    multiple=True,
    metavar="KEY",
    help="One row: 1001, or COL=VALUE,COL=VALUE. With a composite key, you can repeat it for each column.",
)
@click.option(
    "--rows",
    default=DEFAULT_ROWS,
    show_default=True,
    type=click.IntRange(1),
    help="Show at most this many rows, in key order.",
)
@click.option("--all", "all_rows", is_flag=True, help="Show every row.")
@click.option(
    "--column", "columns", multiple=True, metavar="COL", help="Show only this column; may be repeated."
)
@click.option("--versions", is_flag=True, help="Follow published versions instead of commits.")
@formats_option(
    BLAME_FORMATS,
    "For people, or for programs (docs/formats); csv has one line per cell, csv-safe is for spreadsheets.",
)
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    table: str | None,
    tables: tuple[str, ...],
    key: tuple[str, ...],
    rows: int,
    all_rows: bool,
    columns: tuple[str, ...],
    versions: bool,
    output_format: str,
) -> None:
    """Show who last changed each cell of a TABLE's rows, and when.

    The rows are those of the working copy, with edits that you have not added, or those
    of a revision. For one row, each cell has a line; for many rows, each commit that
    changed one of them has a line.

    \b
    Examples:
      tdmvc blame golden orders --key 1001
      tdmvc blame golden orders --rows 50 --column status
      tdmvc blame golden@main orders --all --format csv > blame.csv
      tdmvc blame golden orders --key 1001 --versions
    """
    table = named_table(table, tables)
    if table is None:
        raise click.UsageError("Missing argument 'TABLE'.", context)
    source = context.get_parameter_source("rows")
    if all_rows and source is not click.core.ParameterSource.DEFAULT:
        raise UsageError("--rows and --all cannot be used together.", remedy="remove one of them.")
    with opened(context) as workspace:
        options = BlameOptions(key, None if all_rows else rows, columns, by_version=versions)
        report = blame(workspace, dataset, table, options)
    print_as(context, BLAME_FORMATS[output_format], report)

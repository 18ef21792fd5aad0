"""`tdmvc log`."""

import click

from tdmvc.actions.log import log
from tdmvc.actions.row_log import log_row
from tdmvc.cli.options import named_table, tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.model.options import LogOptions
from tdmvc.render.history import LOG_FORMATS, ROW_LOG_FORMATS


@click.command(name="log")
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
@click.option("--versions", is_flag=True, help="Follow published versions instead of commits.")
@click.option("-n", "--max-count", type=click.IntRange(1), metavar="N", help="Show at most N entries.")
@click.option("--since", metavar="DATE", help="Show nothing older; accepts Git's date formats.")
@click.option("--until", metavar="DATE", help="Show nothing newer.")
@click.option("--reverse", is_flag=True, help="Show the oldest entry first.")
@formats_option(LOG_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    table: str | None,
    tables: tuple[str, ...],
    key: tuple[str, ...],
    versions: bool,
    max_count: int | None,
    since: str | None,
    until: str | None,
    reverse: bool,
    output_format: str,
) -> None:
    """Show which commits changed a DATASET, one TABLE of it, or one row.

    Lists commits, newest first, with the rows that each added (+), removed (−) and
    changed (~), and the versions that were published. With --key, shows the row before
    and after each commit; only parts that can hold the key are read, and missing ones
    are fetched. A merge that takes one side's rows is not listed as a change; the
    commit that made them is.

    \b
    Examples:
      tdmvc log golden
      tdmvc log golden orders -n 5
      tdmvc log golden orders --key 1001
      tdmvc log golden order_lines --key order_id=1001,line=2 --since '3 months ago'
      tdmvc log golden@main..feature orders
      tdmvc log golden --versions
      tdmvc log golden@1.0.0..1.2.0 --versions --format markdown    # release notes
    """
    table = named_table(table, tables)
    if key and table is None:
        raise UsageError("--key needs a table.", remedy=f"write: tdmvc log {dataset} TABLE --key …")
    if key and output_format not in ROW_LOG_FORMATS:
        formats = " or ".join(ROW_LOG_FORMATS)
        raise UsageError(
            f"The log of a row has no {output_format}.", remedy=f"leave out --key, or use {formats}."
        )
    with opened(context) as workspace:
        options = LogOptions(max_count, since, until, oldest_first=reverse, by_version=versions)
        if table is not None and key:
            history = log_row(workspace, dataset, table, key, options)
            print_as(context, ROW_LOG_FORMATS[output_format], history)
            return
        report = log(workspace, dataset, table, options)
    print_as(context, LOG_FORMATS[output_format], report)

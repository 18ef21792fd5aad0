"""`tdmvc sql`."""

import click

from tdmvc.actions.query import query
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.reports.query import QUERY_FORMATS


@click.command(name="sql")
@click.argument("text", metavar="QUERY")
@click.option(
    "--at",
    metavar="REF",
    shell_complete=complete_dataset,
    help="Query this version or revision, without a checkout.",
)
@click.option(
    "--limit", default=1000, show_default=True, type=click.IntRange(1), help="Print at most this many rows."
)
@click.option(
    "--allow-files",
    is_flag=True,
    help="Trust the query: let it read and write files, use the network and load extensions.",
)
@formats_option(QUERY_FORMATS)
@click.pass_context
def command(
    context: click.Context, text: str, at: str | None, limit: int, allow_files: bool, output_format: str
) -> None:
    """Query a dataset in SQL, at any version or revision, without a checkout.

    The dialect is DuckDB's. Each dataset is a schema: golden.orders. If there is only
    one dataset, or --at names one, its tables need no schema. A query only reads, and
    reaches nothing but the tables: no files, no network and no extensions, so you can
    run one that you do not trust. Its result is not masked: it shows personal values.

    \b
    Examples:
      tdmvc sql 'select count(*) from orders' --at golden@1.0.0
      tdmvc sql 'select status, count(*) from golden.orders group by all'
      tdmvc sql "select * from orders anti join 'old.csv' using (id)" --allow-files
    """
    with opened(context) as workspace:
        result = query(workspace, text, at=at, limit=limit, allow_files=allow_files)
    print_as(context, QUERY_FORMATS[output_format], result)

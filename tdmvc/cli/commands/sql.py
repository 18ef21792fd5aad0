"""`tdmvc sql`."""

import sys
from pathlib import Path

import click

from tdmvc.actions.post import write_report
from tdmvc.actions.query import ROW_FILES, query, run_query, write_rows
from tdmvc.cli.messages import message_line, print_message
from tdmvc.cli.options import settings_of
from tdmvc.cli.output import complete_dataset, opened, print_as
from tdmvc.errors import format_names
from tdmvc.model.text import plural
from tdmvc.render.format import RenderOptions
from tdmvc.render.reports.query import QUERY_FORMATS

_FORMATS = (*QUERY_FORMATS, *ROW_FILES)
_MOST_SHOWN = 1000
"""Rows that a terminal shows if nothing else is asked for."""


def _params(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    """Return the values by name."""
    found: dict[str, str] = {}
    for value in values:
        name, sign, text = value.partition("=")
        if not sign or not name.isidentifier():
            raise click.BadParameter(f"{value!r} is not NAME=VALUE, such as status=paid.")
        if name in found:
            raise click.BadParameter(f"{name!r} is given twice.")
        found[name] = text
    return found


@click.command(name="sql")
@click.argument("text", metavar="QUERY")
@click.option(
    "--at",
    metavar="REF",
    shell_complete=complete_dataset,
    help="Query this version or revision, without a checkout.",
)
@click.option(
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_params,
    help="The value of $NAME in the query, as text; it takes the type of what it is compared with.",
)
@click.option(
    "--limit",
    type=click.IntRange(1),
    help="At most this many rows.  [default: 1000 on a terminal, else all]",
)
@click.option(
    "--allow-files",
    is_flag=True,
    help="Trust the query: let it read and write files, use the network and load extensions.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(_FORMATS),
    help="json is described in docs/formats.  [default: by the suffix of --output, else terminal]",
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows into this file."
)
@click.pass_context
def command(
    context: click.Context,
    text: str,
    at: str | None,
    params: dict[str, str],
    limit: int | None,
    allow_files: bool,
    output_format: str | None,
    output: Path | None,
) -> None:
    """Query a dataset in SQL, at any version or revision, without a checkout.

    The dialect is DuckDB's. Each dataset is a schema: golden.orders. If there is only
    one dataset, or --at names one, its tables need no schema. A query only reads, and
    reaches nothing but the tables: no files, no network and no extensions, so you can
    run one that you do not trust. Its result is not masked: it shows personal values.

    In CSV, a null is an empty field and an empty text is "", as `tdmvc add` reads them;
    nested values are JSON.

    \b
    Examples:
      tdmvc sql 'select count(*) from orders' --at golden@1.0.0
      tdmvc sql 'select * from orders where status = $status' --param status=paid
      tdmvc sql 'select * from golden.orders' --output orders.csv    # or .parquet, .json
      tdmvc sql "select * from orders anti join 'old.csv' using (id)" --allow-files
    """
    chosen = output_format or _format_of(output)
    if chosen == "parquet" and output is None and sys.stdout.isatty():
        raise click.UsageError("Parquet is no text for a terminal: name a file with --output, or a pipe.")
    with opened(context) as workspace:
        if chosen not in ROW_FILES:
            most = limit or (_MOST_SHOWN if chosen == "terminal" else None)
            result = query(workspace, text, at=at, limit=most, allow_files=allow_files, params=params)
        else:
            rows = run_query(workspace, text, at=at, allow_files=allow_files, params=params)
            if rows is None:
                raise click.UsageError("The query returns no rows, so there is nothing to write.")
            if limit is not None:
                rows = rows.limit(limit)
            count = write_rows(rows, output or sys.stdout.buffer, chosen)
    if chosen in ROW_FILES:
        if output is not None and not settings_of(context).is_quiet:
            print_message(message_line(f"{plural(count, 'row')} written to {output}"))
    elif output is None:
        print_as(context, QUERY_FORMATS[chosen], result)
    else:
        write_report(output, QUERY_FORMATS[chosen].render(result, RenderOptions()))


def _format_of(output: Path | None) -> str:
    """Return the format that a file's suffix names, or that of a terminal."""
    if output is None:
        return "terminal"
    suffix = output.suffix.lower().removeprefix(".")
    if suffix not in _FORMATS[1:]:
        suffixes = format_names([f".{name}" for name in _FORMATS[1:]])
        raise click.UsageError(
            f"The suffix of {output.name} names no format: use {suffixes}, or add --format."
        )
    return suffix

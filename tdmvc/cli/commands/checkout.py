"""`tdmvc checkout`."""

import os

import click

from tdmvc.actions.checkout import ROW_FORMATS, CheckoutOptions, checkout
from tdmvc.cli.options import PATH_OR_URL, exclude_option, settings_of, tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import NotFoundError, UsageError
from tdmvc.model.selection import Selection
from tdmvc.render.reports.transfer import CHECKOUT_FORMATS


@click.command(name="checkout")
@click.argument("names", nargs=-1, metavar="[REF | DATASET...]", shell_complete=complete_dataset)
@click.option("--release", metavar="R", help="Write the data that fits this release of the application.")
@click.option(
    "--into",
    type=PATH_OR_URL,
    metavar="PATH|URL",
    help="Write to a folder, or to a DuckDB or SQLite file (.duckdb, .ddb, .sqlite, .sqlite3, .db, "
    "duckdb:///FILE, sqlite:///FILE) instead, which is replaced; to a Django fixture (.json); or into a database of "
    "a server, as `tdmvc seed` does.",
)
@click.option(
    "--as",
    "row_format",
    type=click.Choice(ROW_FORMATS),
    help="With --into FOLDER: write a file for each table in this format, instead of folders of Parquet parts.",
)
@tables_option("Write only these tables (patterns such as 'order*').")
@exclude_option("Leave out tables: 'search_*'.")
@click.option("--force", is_flag=True, help="Overwrite local edits or an existing target.")
@click.option("--strict", is_flag=True, help="With --release: accept only a version that names it.")
@formats_option(CHECKOUT_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    names: tuple[str, ...],
    release: str | None,
    into: str | None,
    row_format: str | None,
    tables: tuple[str, ...],
    exclude: tuple[str, ...],
    force: bool,
    strict: bool,
    output_format: str,
) -> int:
    """Write a state of a dataset to the working copy, or elsewhere with --into.

    Fetches only what is missing, never moves Git's HEAD, and refuses to overwrite
    edits that are kept nowhere else. For a release, tdmvc takes the version that names
    it, or else one that fits the migrations at the release's commit. If some datasets
    have no version for it, the others are written and the exit code is 3.

    \b
    Examples:
      tdmvc checkout golden@1.0.0
      tdmvc checkout --release 2.14.0
      tdmvc checkout golden --into fixture.json           # for `manage.py loaddata`
      tdmvc checkout golden --into rows --as csv          # a file for each table
      tdmvc checkout golden@latest --into fixtures.sqlite --table orders,customers
      tdmvc checkout golden --into sqlite:///fixtures.data
      tdmvc checkout golden                 # the rows that the pointers name
    """
    if release is None and len(names) > 1:
        raise UsageError(
            "checkout takes one reference.",
            remedy="to write elsewhere than to the working copy, name the place with --into: "
            "`tdmvc checkout golden@1.0.0 --into URL`.",
        )
    ref = names[0] if release is None and len(names) == 1 else None
    options = CheckoutOptions(
        release=release,
        datasets=names if release is not None else (),
        into=settings_of(context).location(into) if into else None,
        row_format=row_format,
        is_folder=into is not None and into.endswith(("/", os.sep)),
        selection=Selection(tables, exclude),
        force=force,
        strict=strict,
    )
    with opened(context) as workspace:
        report = checkout(workspace, ref, options)
    print_as(context, CHECKOUT_FORMATS[output_format], report)
    return NotFoundError.exit_code if report.without_version else 0

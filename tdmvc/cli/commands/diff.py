"""`tdmvc diff`."""

from pathlib import Path

import click

from tdmvc.actions.diff import diff
from tdmvc.cli.options import tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.model.options import DiffOptions, RowsFormat, RowsTarget
from tdmvc.render.diff import FORMATS


@click.command(name="diff")
@click.argument("old", required=False, shell_complete=complete_dataset)
@click.argument("new", required=False, shell_complete=complete_dataset)
@tables_option("Compare only these tables (patterns such as 'order*').")
@click.option("--exit-code", is_flag=True, help="Exit with 1 if there are differences, as git diff does.")
@click.option(
    "--samples",
    default=5,
    show_default=True,
    type=click.IntRange(0, 1000),
    help="How many example rows to show of each kind.",
)
@click.option(
    "--rows", "rows_dir", type=click.Path(path_type=Path), help="Write every changed row to this folder."
)
@click.option(
    "--rows-format",
    type=click.Choice([f.value for f in RowsFormat]),
    default="parquet",
    show_default=True,
    help="The format of the files that --rows writes; csv-safe is for spreadsheets, and not exact.",
)
@formats_option(FORMATS)
@click.pass_context
def command(
    context: click.Context,
    old: str | None,
    new: str | None,
    tables: tuple[str, ...],
    exit_code: bool,
    samples: int,
    rows_dir: Path | None,
    rows_format: str,
    output_format: str,
) -> int:
    """Show the differences between OLD and NEW, row by row.

    Each side is a dataset (its working copy), dataset@version or dataset@revision.
    Without NEW, the working copy is the new side. Without arguments, every dataset at
    HEAD is compared with its working copy, with edits that you have not added. Equal
    tables and equal parts are never read.

    \b
    Examples:
      tdmvc diff                                 # what would I commit?
      tdmvc diff golden@1.0.0 golden
      tdmvc diff golden@1.0.0..2.0.0 --table orders
      tdmvc diff golden@main...golden@HEAD --format json
      tdmvc diff --format markdown               # for a comment or an issue
    """
    rows = RowsTarget(rows_dir, RowsFormat(rows_format)) if rows_dir is not None else None
    with opened(context) as workspace:
        diffs = diff(workspace, old, new, tables=tables, options=DiffOptions(samples, rows))
    print_as(context, FORMATS[output_format], diffs)
    return int(exit_code and any(d.is_changed for d in diffs))

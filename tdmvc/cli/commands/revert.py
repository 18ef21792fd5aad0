"""`tdmvc revert`."""

import click

from tdmvc.actions.revert import RevertOptions, revert
from tdmvc.cli.options import tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import LocalWorkError
from tdmvc.render.merge import REVERT_FORMATS


@click.command(name="revert")
@click.argument("dataset", shell_complete=complete_dataset)
@click.argument("ref")
@tables_option("Undo the change only in these tables and their entries in the contract.")
@click.option(
    "-m",
    "--mainline",
    "parent",
    type=int,
    metavar="N",
    help="If REF is a merge: the number of the parent that is the state before it.",
)
@formats_option(REVERT_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    ref: str,
    tables: tuple[str, ...],
    parent: int | None,
    output_format: str,
) -> int:
    """Undo one change of a dataset in the working copy, and keep later changes.

    REF is a commit, a published version (the change from the version before it), or a
    range A..B. Rows, pointers and manifests change in one step; nothing is committed,
    and no version changes. If later work touched the same cells, they become conflicts,
    as in a merge, and the exit code is 4.

    \b
    Examples:
      tdmvc revert golden HEAD
      tdmvc revert golden 1.2.0 --table orders
      tdmvc revert golden v2.13.0..v2.14.0
      tdmvc revert golden 4f2c1ab -m 1          # a merge commit
    """
    options = RevertOptions(tables, parent)
    with opened(context) as workspace:
        report = revert(workspace, dataset, ref, options)
    print_as(context, REVERT_FORMATS[output_format], report)
    return LocalWorkError.exit_code if report.needs_person else 0

"""`tdmvc remove`."""

import click

from tdmvc.actions.remove import remove
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.reports.remove import REMOVE_FORMATS


@click.command(name="remove")
@click.argument("dataset", shell_complete=complete_dataset)
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option(
    "--force",
    is_flag=True,
    help="Also remove edits and files that are saved nowhere else, and references of tables that stay.",
)
@formats_option(REMOVE_FORMATS)
@click.pass_context
def command(
    context: click.Context, dataset: str, tables: tuple[str, ...], force: bool, output_format: str
) -> None:
    """Remove tables from DATASET, or DATASET itself.

    Removes the pointers, the rows in the working copy, and what the contract says about
    the tables. Patterns name several: 'order*'. Published versions still have the
    tables; without a TABLE, the files of the versions are removed as well. What is
    committed comes back with `git checkout`, and its rows are kept until `tdmvc gc`
    finds that no branch and no tag needs them.

    \b
    Examples:
      tdmvc remove golden payments
      tdmvc remove golden 'tmp_*'
      tdmvc remove golden
    """
    with opened(context) as workspace:
        report = remove(workspace, dataset, tables, force=force)
    print_as(context, REMOVE_FORMATS[output_format], report)

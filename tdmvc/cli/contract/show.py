"""`tdmvc contract show`."""

import click

from tdmvc.actions.contracts import show_contract
from tdmvc.cli.contract.subjects import from_option, source_of
from tdmvc.cli.options import tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.render.contract import SHOW_FORMATS


@click.command(name="show")
@click.argument("contract", metavar="[CONTRACT]", required=False, shell_complete=complete_dataset)
@from_option
@tables_option("Show only these tables.")
@formats_option(SHOW_FORMATS, "For people, for programs, or for a document (docs/formats/contract-show.md).")
@click.pass_context
def command(
    context: click.Context,
    contract: str | None,
    file_format: str | None,
    tables: tuple[str, ...],
    output_format: str,
) -> None:
    """Show what a contract demands of rows: each rule with its id, in words, and its line.

    The contract is that of a dataset (the only one, if you name none), of a version or a revision,
    a file in any format that tdmvc reads, or the catalog of a database. With `migrations`, or a folder
    of them, it is that of the tables which your migrations leave behind, as far as they are in SQL;
    behind an @, name a Git revision, or the migration that is the last one to count.

    \b
    Examples:
      tdmvc contract show
      tdmvc contract show golden@1.0.0 --table orders
      tdmvc contract show schema.sql --format markdown
      tdmvc contract show migrations@v1.4
      tdmvc contract show postgresql://app@localhost/shop
    """
    if contract is None and file_format is not None:
        raise UsageError("--from says how a file is read.", remedy="name the file, too, or leave --from out.")
    source = source_of(context, contract, file_format) if contract is not None else None
    with opened(context) as workspace:
        report = show_contract(workspace, source, tables)
    print_as(context, SHOW_FORMATS[output_format], report)

"""`tdmvc contract show`."""

import click

from tdmvc.actions.contract_show import show_contract
from tdmvc.cli.contract.subjects import subject_of
from tdmvc.cli.options import tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.contract import SHOW_FORMATS


@click.command(name="show")
@click.argument("contract", metavar="[REF|FILE|URL]", required=False, shell_complete=complete_dataset)
@tables_option("Show only these tables.")
@formats_option(SHOW_FORMATS, "For people, for programs, or for a document (docs/formats/contract-show.md).")
@click.pass_context
def command(
    context: click.Context, contract: str | None, tables: tuple[str, ...], output_format: str
) -> None:
    """Show what a contract demands of rows: each rule with its id, in words, and its line.

    The contract is that of a dataset (the only one, if you name none), of a version or a revision,
    a file in any format that tdmvc reads, or the catalog of a database.

    \b
    Examples:
      tdmvc contract show
      tdmvc contract show golden@1.0.0 --table orders
      tdmvc contract show schema.sql --format markdown
      tdmvc contract show postgresql://app@localhost/shop
    """
    subject = subject_of(context, contract) if contract is not None else None
    with opened(context) as workspace:
        report = show_contract(workspace, subject, tables)
    print_as(context, SHOW_FORMATS[output_format], report)

"""`tdmvc contract import`."""

import click

from tdmvc.actions.contract_import import ContractImportOptions, import_contract
from tdmvc.cli.contract.subjects import from_option, source_of
from tdmvc.cli.options import PATH_OR_URL, tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.contract import IMPORT_FORMATS


@click.command(name="import")
@click.argument("source", metavar="FILE|migrations|URL", type=PATH_OR_URL)
@click.option(
    "-d",
    "--dataset",
    required=True,
    metavar="NAME",
    shell_complete=complete_dataset,
    help="The dataset whose contract takes it over.",
)
@from_option
@tables_option("Take over only these tables of the file, also those that the dataset does not have.")
@click.option("--as", "table", metavar="TABLE", help="The table that a schema of a single record describes.")
@click.option("--dialect", metavar="NAME", help="The SQL dialect of a script.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and write nothing.")
@formats_option(
    IMPORT_FORMATS, "For people, for programs, or for a comment (docs/formats/contract-import.md)."
)
@click.pass_context
def command(
    context: click.Context,
    source: str,
    dataset: str,
    file_format: str | None,
    tables: tuple[str, ...],
    table: str | None,
    dialect: str | None,
    output_format: str,
    *,
    dry_run: bool,
) -> None:
    """Add what a file, migrations or a database declare to the contract of a dataset.

    Every rule of the file holds from then on; what you wrote stays, with comments. The rows decide about
    columns, types and keys: what the file says otherwise is shown, and changes nothing. Importing the
    same file again changes nothing either. Of a database, only the catalog is read. `migrations`, or
    a folder of them, stands for the tables that your migrations leave behind; none of them runs.

    \b
    Examples:
      tdmvc contract import schema.sql --dataset golden --dry-run
      tdmvc contract import migrations --dataset golden
      tdmvc contract import models/schema.yml --dataset golden
      tdmvc contract import order.schema.json --dataset golden --as orders
      tdmvc contract import postgresql://app@localhost/shop -d golden --tables orders
    """
    options = ContractImportOptions(tables, table, dialect, dry_run)
    with opened(context) as workspace:
        report = import_contract(workspace, source_of(context, source, file_format), dataset, options)
    print_as(context, IMPORT_FORMATS[output_format], report)

"""`tdmvc contract export`."""

from pathlib import Path

import click

from tdmvc.actions.contract_export import WRITABLE, ContractExportOptions, export_contract
from tdmvc.cli.contract.subjects import subject_of
from tdmvc.cli.messages import message_line, print_message
from tdmvc.cli.options import settings_of, tables_option
from tdmvc.cli.output import complete_dataset, opened


@click.command(name="export")
@click.argument("contract", metavar="REF|FILE|URL", shell_complete=complete_dataset)
@click.option("--to", "file_format", type=click.Choice(WRITABLE), required=True, help="The format to write.")
@tables_option("Write only these tables.")
@click.option("--dialect", metavar="NAME", help="With --to sql: the engine whose SQL to write.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.pass_context
def command(
    context: click.Context,
    contract: str,
    file_format: str,
    tables: tuple[str, ...],
    dialect: str | None,
    output: Path | None,
) -> None:
    """Write a contract in another format.

    What the format cannot say is a note on standard error, with the place of the rule. Without a note,
    `tdmvc contract import` reads the same rules back.

    \b
    Examples:
      tdmvc contract export golden --to json-schema
      tdmvc contract export golden --to sql --dialect postgresql --output schema.sql
      tdmvc contract export golden@1.0.0 --to odcs --tables orders > orders.odcs.yaml
    """
    folder = Path(settings_of(context).directory)
    options = ContractExportOptions(file_format, tables, dialect, folder / output if output else None)
    with opened(context) as workspace:
        report = export_contract(workspace, subject_of(context, contract), options)
    for note in report.notes:
        print_message(f"note: {message_line(note)}")
    if report.path is None:
        click.echo(report.text.encode("utf-8"), nl=False)

"""`tdmvc contract export`."""

from pathlib import Path

import click

from tdmvc.actions.contracts import WRITABLE, ContractExportOptions, export_contract
from tdmvc.cli.contract.subjects import from_option, source_of
from tdmvc.cli.messages import message_line, print_message
from tdmvc.cli.options import settings_of, tables_option
from tdmvc.cli.output import complete_dataset, opened


@click.command(name="export")
@click.argument("contract", metavar="CONTRACT", shell_complete=complete_dataset)
@click.option(
    "--to", "written_format", type=click.Choice(WRITABLE), required=True, help="The format to write."
)
@from_option
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
    written_format: str,
    file_format: str | None,
    tables: tuple[str, ...],
    dialect: str | None,
    output: Path | None,
) -> None:
    """Write a contract in another format.

    CONTRACT is whatever `tdmvc contract show` takes. What the format cannot say is a note on
    standard error, with the place of the rule. Without a note, `tdmvc contract import` reads the
    same rules back.

    \b
    Examples:
      tdmvc contract export golden --to json-schema
      tdmvc contract export golden --to sql --dialect postgresql --output schema.sql
      tdmvc contract export golden@1.0.0 --to odcs --tables orders > orders.odcs.yaml
    """
    folder = Path(settings_of(context).directory)
    options = ContractExportOptions(written_format, tables, dialect, folder / output if output else None)
    with opened(context) as workspace:
        report = export_contract(workspace, source_of(context, contract, file_format), options)
    for note in report.notes:
        print_message(f"note: {message_line(note)}")
    if report.path is None:
        click.echo(report.text.encode("utf-8"), nl=False)

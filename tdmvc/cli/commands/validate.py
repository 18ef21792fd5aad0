"""`tdmvc validate`."""

from pathlib import Path

import click

from tdmvc.actions.validate import ValidationRequest, validate
from tdmvc.cli.contract.subjects import from_option, source_of
from tdmvc.cli.options import PATH_OR_URL, settings_of, tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.model.finding import Severity
from tdmvc.render.validation import FORMATS


@click.command(name="validate")
@click.argument("refs", nargs=-1, metavar="[REF]...", shell_complete=complete_dataset)
@click.option(
    "--contract",
    type=PATH_OR_URL,
    metavar="CONTRACT",
    help="What counts in the place of the dataset's own contract: a file, `migrations`, another version, a URL.",
)
@from_option
@tables_option("Validate only these tables (patterns such as 'order*').")
@click.option(
    "--fail-on",
    type=click.Choice([Severity.ERROR.value, Severity.WARNING.value]),
    default=Severity.ERROR.value,
    show_default=True,
    help="Exit with 1 if a rule of this severity, or a worse one, is not kept.",
)
@click.option("--full", is_flag=True, help="Read all rows, whatever earlier validations have counted.")
@click.option(
    "--rows",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write all failing rows to this folder as Parquet, with the ids of their rules in _rules; a new folder, "
    "an empty one, or one with the failing rows of an earlier validation, which are replaced. Each of several states "
    "has a folder in it.",
)
@click.option(
    "--examples",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    help="Look up at most this many failing rows of each rule.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="Stop a query of the contract after this time; the rule then counts as an error.",
)
@click.option(
    "--database",
    type=PATH_OR_URL,
    metavar="URL",
    help="Validate the rows of this database against the contract, instead of a dataset.",
)
@formats_option(FORMATS)
@click.pass_context
def command(
    context: click.Context,
    refs: tuple[str, ...],
    contract: str | None,
    file_format: str | None,
    tables: tuple[str, ...],
    fail_on: str,
    full: bool,
    rows: Path | None,
    examples: int,
    timeout: float,
    database: str | None,
    output_format: str,
) -> int:
    """Validate rows against every rule of their contract.

    Names each rule that is not kept, with exact counts, the first failing rows, and the
    line of the contract. Without REF, validates the working copy of all datasets, with
    edits that were not added. After an edit, it reads only what the edit changed.

    A rule that cannot be evaluated is an error. Values of personal columns are masked.
    Queries of the contract run in a process of their own, which reaches the tables and
    nothing else, with the memory that TDMVC_MEMORY allows. Exits with 1 if a rule is not
    kept whose severity is at or above --fail-on.

    \b
    Examples:
      tdmvc validate
      tdmvc validate golden@1.2.0 --fail-on warning
      tdmvc validate golden --contract stricter.yaml --rows failing
      tdmvc validate golden --contract migrations
      tdmvc validate golden --database postgresql://app@localhost/shop
      tdmvc validate --format junit > contract.xml
    """
    if contract is None and file_format is not None:
        raise UsageError(
            "--from says how --contract is read.", remedy="add --contract FILE, or leave it out."
        )
    settings = settings_of(context)
    folder = Path(settings.directory)
    request = ValidationRequest(
        contract=source_of(context, contract, file_format) if contract is not None else None,
        tables=tables,
        is_full=full,
        examples=examples,
        seconds=timeout,
        rows_folder=folder / rows if rows is not None else None,
    )
    with opened(context) as workspace:
        location = settings.location(database) if database is not None else None
        reports = validate(workspace, refs, request, database=location)
    print_as(context, FORMATS[output_format], reports)
    return int(any(report.fails(Severity(fail_on)) for report in reports))

"""`tdmvc seed`."""

import click

from tdmvc.actions.seed import seed
from tdmvc.cli.options import PATH_OR_URL, exclude_option, settings_of, tables_option
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import DatabaseError
from tdmvc.model.seeding import SeedMode, SeedOptions
from tdmvc.model.selection import Selection
from tdmvc.render.reports.seed import SEED_FORMATS


@click.command(name="seed")
@click.argument("refs", nargs=-1, required=True, metavar="REF...", shell_complete=complete_dataset)
@click.option(
    "--into", type=PATH_OR_URL, required=True, metavar="URL", help="The database, or the file of one."
)
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in SeedMode]),
    help="replace: the tables hold exactly the dataset. upsert: rows that are there are updated, others stay. "
    "append: rows are added. Default: upsert for reference data, else replace.",
)
@tables_option("Seed only these tables (patterns such as 'order*').")
@exclude_option("Leave out tables: 'search_*'.")
@click.option(
    "--create", is_flag=True, help="Make tables that the database lacks; always done in an empty one."
)
@click.option("--truncate-others", is_flag=True, help="Delete the rows of all tables that no dataset has.")
@click.option("--verify", is_flag=True, help="Read all rows back, and compare their content hash.")
@click.option("--dry-run", is_flag=True, help="Show what would be done, and write nothing.")
@click.option(
    "--sequence-offset",
    type=int,
    default=0,
    metavar="N",
    help="Let sequences continue N numbers later, which exposes tests that expect the next number.",
)
@click.option(
    "--force", is_flag=True, help="Delete rows that tdmvc did not load, and seed what looks like production."
)
@click.option(
    "--no-validate",
    is_flag=True,
    help="Load rows even if they break rules of their contract (see `validate`).",
)
@formats_option(SEED_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    refs: tuple[str, ...],
    into: str,
    mode: str | None,
    tables: tuple[str, ...],
    exclude: tuple[str, ...],
    create: bool,
    truncate_others: bool,
    verify: bool,
    dry_run: bool,
    sequence_offset: int,
    force: bool,
    no_validate: bool,
    output_format: str,
) -> int:
    """Load states of datasets into a database, exactly.

    Compares the datasets with the database first, and writes nothing if a table, a column
    or a type does not fit. Each dataset is loaded in one transaction: after any failure,
    the database is as it was. Rows that are already there are not written again; if the
    database has another version, and nobody changed its tables since, only the difference
    is written.

    Refuses rows that break a rule of their contract which no database enforces, such as a
    range or an invariant, with exit code 1; the same rows are validated only once.

    Refuses a database whose name says production, and tables with rows that tdmvc did not
    load, unless you pass --force. Keep passwords in the environment (PGPASSWORD), in a
    password file (.pgpass) or in an option file of MySQL.

    \b
    Examples:
      tdmvc seed golden@latest --into postgresql://app@localhost/shop_test
      tdmvc seed reference@2.0.0 golden@3.2.0 --into mysql://root@127.0.0.1/shop
      tdmvc seed golden --into sqlite:///test.db --verify
      tdmvc seed golden@3.2.0 --into postgresql:///shop --dry-run
      tdmvc seed golden --into postgresql:///shop --tables 'order*,customers'
      tdmvc seed golden --into postgresql:///shop --exclude '*_search'
    """
    options = SeedOptions(
        mode=SeedMode(mode) if mode else None,
        selection=Selection(tables, exclude),
        create=create,
        truncate_others=truncate_others,
        force=force,
        verify=verify,
        dry_run=dry_run,
        validates=not no_validate,
        sequence_offset=sequence_offset,
    )
    with opened(context) as workspace:
        report = seed(workspace, refs, settings_of(context).location(into), options)
    print_as(context, SEED_FORMATS[output_format], report)
    return DatabaseError.exit_code if report.has_errors else 0

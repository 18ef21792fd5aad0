"""`tdmvc add`."""

from pathlib import Path

import click

from tdmvc.actions.add import add
from tdmvc.cli.options import (
    PATH_OR_URL,
    csv_options,
    exclude_option,
    settings_of,
    split_names,
    tables_option,
)
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.model.csv_options import CsvOptions
from tdmvc.model.dataset import DatasetKind
from tdmvc.model.named_keys import NamedKeys
from tdmvc.model.options import AddOptions
from tdmvc.model.selection import Selection, is_pattern
from tdmvc.render.reports.add import ADD_FORMATS

_ROW_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".parquet")


@click.command(name="add")
@click.argument("dataset", shell_complete=complete_dataset)
@click.argument("sources", nargs=-1, type=PATH_OR_URL)
@tables_option(
    "The table that a single file holds, or the tables to add (patterns such as 'order*'); "
    "without a source, add only this table.",
    metavar="NAME[,NAME]",
)
@exclude_option("Leave out tables, or files and subfolders of a folder: 'django_*', schema.yml, scripts.")
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="TABLE=COL[,COL]",
    help="The columns that identify a row of a table, or of all tables that match a pattern; once is enough.",
)
@click.option(
    "--keys",
    "keys_file",
    metavar="FILE",
    type=click.Path(),
    help="A YAML file of keys: `orders: id`, `order_lines: [order_id, line]`.",
)
@click.option(
    "--schema",
    "schemas",
    multiple=True,
    metavar="NAME",
    help="Read this schema of a database; with several, tables are named SCHEMA.TABLE. "
    "By default, the schema that the URL names, or the database's own default.",
)
@csv_options
@click.option("--append", is_flag=True, help="Keep the rows that are already there, and add to them.")
@click.option("--replace", is_flag=True, help="Drop tables that are not in the sources.")
@click.option(
    "--remove",
    multiple=True,
    metavar="NAME[,NAME]",
    callback=split_names,
    help="Remove tables from the dataset; deleting their folders does not.",
)
@click.option(
    "--migrated",
    is_flag=True,
    help="Record the rows as made for all migrations of the work tree, even if nothing shows it.",
)
@click.option(
    "--kind", type=click.Choice([kind.value for kind in DatasetKind]), help="What the dataset is for."
)
@formats_option(ADD_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    sources: tuple[str, ...],
    tables: tuple[str, ...],
    exclude: tuple[str, ...],
    keys: tuple[str, ...],
    keys_file: str | None,
    schemas: tuple[str, ...],
    csv: CsvOptions,
    append: bool,
    replace: bool,
    remove: tuple[str, ...],
    migrated: bool,
    kind: str | None,
    output_format: str,
) -> None:
    """Add rows to DATASET from SOURCES, or from your edits, and write their pointers.

    A source is a CSV, TSV, JSON, JSON Lines or Parquet file, a Django fixture (JSON or YAML), a folder
    of these, or a database: a SQLite or DuckDB file, or a URL
    (postgresql://USER@HOST/DATABASE, mysql://…, sqlite:///FILE, duckdb:///FILE), or its
    dump: of pg_dump in any form (.sql, an archive, a folder), of mysqldump (.sql), or of
    these compressed by gzip (.sql.gz). Several dumps are loaded together, in their order.
    In a folder, each file is a table, also in subfolders; year=2026/ is a partition, and
    files without rows are listed and left out. Tables in a source replace those in the
    dataset; other tables stay. Without a source, your edits in the working copy are
    added, whichever tool you made them with.

    All tables of a database are read as they were at one moment. Views, foreign tables
    and tables of migration tools are added only if --tables names them. In a URL,
    ${NAME} is an environment variable; put a URL with a password into one.

    In a CSV file an unquoted empty field is null, and NA is Namibia. A quoted empty one
    is an empty text, unless the file quotes every value. Types are guessed only where
    every text comes back as it is written.

    \b
    Examples:
      tdmvc add golden shop.sqlite
      tdmvc add golden duckdb:///shop.db    # a file whose engine you name
      tdmvc add golden schema.sql data.sql  # dumps, loaded together
      tdmvc add golden '${DATABASE_URL}'    # the variable holds the URL, with its password
      tdmvc add golden postgresql://me@db/shop --schema public --schema sales --exclude '*_log'
      tdmvc add golden orders.csv --key orders=id
      tdmvc add golden exports/ --key '*=id' --key order_lines=order_id,line
      tdmvc add golden exports/ --keys keys.yaml
      tdmvc add golden excel.csv --delimiter ';' --encoding cp1252
      tdmvc add golden rows.csv --no-header --null NA --quoted-empty null
      tdmvc add golden fixtures/ --replace --exclude scripts
      tdmvc add golden app.sqlite --tables 'shop_*,auth_user' --exclude '*_log'
      tdmvc add golden                      # add your edits
      tdmvc add golden --migrated           # the new migrations were run on the rows
    """
    is_one = len(tables) == 1 and not is_pattern(tables[0])
    options = AddOptions(
        table=tables[0] if is_one else None,
        selection=Selection(() if is_one else tables, exclude),
        keys=NamedKeys(_parse_keys(keys, tables[0] if is_one else _first_table(sources))),
        keys_file=Path(settings_of(context).directory, keys_file) if keys_file else None,
        csv=csv,
        schemas=schemas,
        append=append,
        replace=replace,
        removed=remove,
        kind=DatasetKind(kind) if kind else None,
        is_migrated=migrated,
    )
    locations = [settings_of(context).location(source) for source in sources]
    with opened(context) as workspace:
        report = add(workspace, dataset, locations, options)
    print_as(context, ADD_FORMATS[output_format], report)


def _first_table(sources: tuple[str, ...]) -> str:
    """Return the table of the first source that is a file of rows, for an example."""
    files = (Path(source) for source in sources)
    return next((file.stem for file in files if file.suffix in _ROW_SUFFIXES), "TABLE")


def _parse_keys(texts: tuple[str, ...], example: str) -> dict[str, tuple[str, ...]]:
    keys: dict[str, tuple[str, ...]] = {}
    for text in texts:
        table, sign, columns = text.partition("=")
        if not table or not sign:
            raise UsageError(
                f"--key {text!r} does not name a table and its columns.",
                remedy=f"write --key {example}={text.strip('=') or 'COLUMN'}.",
            )
        # `--key orders=` means that the table has no key.
        keys[table] = tuple(column.strip() for column in columns.split(",") if column.strip())
    return keys

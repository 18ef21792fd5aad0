"""`tdmvc add`."""

from pathlib import Path

import click

from tdmvc.actions.add import AddOptions, add
from tdmvc.cli.output import complete_dataset, emit, format_option, opened
from tdmvc.errors import UsageError
from tdmvc.model.dataset import DatasetKind
from tdmvc.render.add.terminal import render_add
from tdmvc.render.documents import add_document


@click.command(name="add")
@click.argument("dataset", shell_complete=complete_dataset)
@click.argument("sources", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--table", metavar="NAME", help="The table of a single file; without a source: only this table."
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="TABLE=COL[,COL]",
    help="The columns that identify a row of a table.",
)
@click.option("--null", "null_texts", multiple=True, metavar="TEXT", help="A CSV text that means null, too.")
@click.option("--append", is_flag=True, help="Add rows to the ones that are there.")
@click.option("--replace", is_flag=True, help="Drop the tables that the sources do not hold.")
@click.option(
    "--kind", type=click.Choice([kind.value for kind in DatasetKind]), help="What the dataset is for."
)
@format_option
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    sources: tuple[Path, ...],
    table: str | None,
    keys: tuple[str, ...],
    null_texts: tuple[str, ...],
    append: bool,
    replace: bool,
    kind: str | None,
    output_format: str,
) -> None:
    """Take rows into DATASET from SOURCES, and write their pointers.

    A source is a CSV, TSV, JSON, JSON lines or Parquet file, a SQLite or DuckDB file,
    a Django fixture, or a folder of these. Tables that a source holds are replaced,
    others stay. Without a source, what you edited in the working copy is taken in,
    whatever tool you edited it with.

    In a CSV only an unquoted empty field is null: NA is Namibia.

    \b
    Examples:
      tdmvc add golden shop.sqlite
      tdmvc add golden orders.csv --key orders=id
      tdmvc add golden fixtures/ --replace
      tdmvc add golden                      # take in your edits
    """
    options = AddOptions(
        table=table,
        keys=_parse_keys(keys),
        null_texts=null_texts,
        append=append,
        replace=replace,
        kind=DatasetKind(kind) if kind else None,
    )
    base = Path(context.obj["directory"])
    with opened(context) as workspace:
        report = add(workspace, dataset, [base / source for source in sources], options)
    emit(
        context,
        output_format,
        lambda: add_document(report),
        lambda color, width: render_add(report, color=color, width=width),
    )


def _parse_keys(texts: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    keys: dict[str, tuple[str, ...]] = {}
    for text in texts:
        table, sign, columns = text.partition("=")
        if not table or not sign:
            raise UsageError(
                f"--key {text!r} is not understood.", remedy="write --key orders=id or --key t=a,b."
            )
        # `--key orders=` says that the table has no key.
        keys[table] = tuple(column.strip() for column in columns.split(",") if column.strip())
    return keys

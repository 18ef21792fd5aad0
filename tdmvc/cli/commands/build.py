"""`tdmvc build`."""

from pathlib import Path

import click

from tdmvc.actions.build import build
from tdmvc.cli.output import emit, format_option, opened
from tdmvc.render.add.terminal import render_add
from tdmvc.render.documents import add_document
from tdmvc.workspace.ingest import AddOptions


@click.command(name="build")
@click.argument("dataset")
@click.argument("sources", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--null", "null_texts", multiple=True, metavar="TEXT", help="A CSV text that means null, too.")
@format_option
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    sources: tuple[Path, ...],
    null_texts: tuple[str, ...],
    output_format: str,
) -> None:
    """Make the tables of DATASET from SOURCES as the outputs of a stage in dvc.yaml.

    Like `add`, but no pointer is written: DVC keeps what a stage makes, and its entry
    in dvc.lock is the pointer. Keys and types come from the dataset's contract.yaml.
    A table that several sources hold takes the rows of all.

    \b
    Example (in dvc.yaml):
      stages:
        golden:
          cmd: tdmvc build golden fixtures/
          deps: [fixtures, datasets/golden/contract.yaml]
          outs: [datasets/golden/orders]
    """
    base = Path(context.obj["directory"])
    with opened(context) as workspace:
        report = build(
            workspace, dataset, [base / source for source in sources], AddOptions(null_texts=null_texts)
        )
    emit(
        context,
        output_format,
        lambda: add_document(report),
        lambda color, width: render_add(report, color=color, width=width),
    )

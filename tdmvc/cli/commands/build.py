"""`tdmvc build`."""

import click

from tdmvc.actions.build import build
from tdmvc.cli.options import PATH_OR_URL, csv_options, settings_of
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.model.csv_options import CsvOptions
from tdmvc.model.options import AddOptions
from tdmvc.render.reports.add import ADD_FORMATS


@click.command(name="build")
@click.argument("dataset")
@click.argument("sources", nargs=-1, required=True, type=PATH_OR_URL)
@csv_options
@formats_option(ADD_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    dataset: str,
    sources: tuple[str, ...],
    csv: CsvOptions,
    output_format: str,
) -> None:
    """Build DATASET's tables from SOURCES as outputs of a stage in dvc.yaml.

    This works like `add`, with the same kinds of source, but writes no pointers: DVC tracks what a stage makes, and
    its entry in dvc.lock is the pointer. Keys and types come from the dataset's
    contract.yaml. A table that is in several sources gets the rows of all of them.

    \b
    Example (in dvc.yaml):
      stages:
        golden:
          cmd: tdmvc build golden fixtures/
          deps: [fixtures, datasets/golden/contract.yaml]
          outs: [datasets/golden/orders]
    """
    locations = [settings_of(context).location(source) for source in sources]
    with opened(context) as workspace:
        report = build(workspace, dataset, locations, AddOptions(csv=csv))
    print_as(context, ADD_FORMATS[output_format], report)

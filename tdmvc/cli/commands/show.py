"""`tdmvc show`."""

import click

from tdmvc.actions.show import show
from tdmvc.cli.output import complete_dataset, formats_option, opened, print_as
from tdmvc.render.reports.versions import SHOW_FORMATS


@click.command(name="show")
@click.argument("ref", shell_complete=complete_dataset)
@formats_option(SHOW_FORMATS)
@click.pass_context
def command(context: click.Context, ref: str, output_format: str) -> None:
    """Describe the state REF: tables, keys, types, references, release, migrations.

    \b
    Examples:
      tdmvc show golden
      tdmvc show golden@1.0.0 --format json
      tdmvc show release:2.14.0
    """
    with opened(context) as workspace:
        report = show(workspace, ref)
    print_as(context, SHOW_FORMATS[output_format], report)

"""`tdmvc down`."""

import click

from tdmvc.actions.down import down
from tdmvc.cli.environment_options import complete_environment, folder_of
from tdmvc.cli.options import settings_of
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.render.environments import DOWN_FORMATS


@click.command(name="down")
@click.argument("environment", required=False, shell_complete=complete_environment)
@click.option("--all", "everything", is_flag=True, help="Stop all environments of this repository.")
@formats_option(DOWN_FORMATS)
@click.pass_context
def command(context: click.Context, environment: str | None, output_format: str, *, everything: bool) -> None:
    """Stop an environment, and remove what belongs to it.

    Stops its database, its services and the process that keeps it. Templates stay, so that
    the next `tdmvc up` starts at once. Also removes what a killed process left.

    \b
    Examples:
      tdmvc down
      tdmvc down ci
      tdmvc down --all
    """
    with opened(context) as workspace:
        report = down(workspace, environment, folder=folder_of(settings_of(context)), everything=everything)
    print_as(context, DOWN_FORMATS[output_format], report)

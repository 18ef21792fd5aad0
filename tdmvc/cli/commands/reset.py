"""`tdmvc reset`."""

import click

from tdmvc.actions.reset import reset
from tdmvc.cli.environment_options import complete_environment, folder_of
from tdmvc.cli.options import settings_of
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.render.environments import RESET_FORMATS


@click.command(name="reset")
@click.argument("environment", required=False, shell_complete=complete_environment)
@formats_option(RESET_FORMATS)
@click.pass_context
def command(context: click.Context, environment: str | None, output_format: str) -> None:
    """Bring an environment's database back to its seeded state.

    For an environment that `tdmvc up` started: rows, sequences and schema are as they were
    after seeding, whatever was written since. Takes the cheapest way that is sound, and
    says which one it was.

    \b
    Examples:
      tdmvc reset
      tdmvc reset ci
    """
    with opened(context) as workspace:
        report = reset(workspace, environment, folder=folder_of(settings_of(context)))
    print_as(context, RESET_FORMATS[output_format], report)

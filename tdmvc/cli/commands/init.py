"""`tdmvc init`."""

import click

from tdmvc.actions.init import CI_HOSTS, init
from tdmvc.cli.options import settings_of
from tdmvc.cli.output import formats_option, print_as
from tdmvc.render.reports.add import INIT_FORMATS


@click.command(name="init")
@click.option(
    "--ci",
    type=click.Choice(CI_HOSTS),
    help="Also write workflow files for reviews, drift checks and a merge queue (docs/ci.md).",
)
@formats_option(INIT_FORMATS)
@click.pass_context
def command(context: click.Context, ci: str | None, output_format: str) -> None:
    """Set up this Git repository for datasets.

    Sets up DVC if needed, finds the application's migrations and release, and writes
    tdmvc.yaml. Files that already exist are left as they are; for a tdmvc.yaml without
    environments, one is printed that you can add.

    \b
    Examples:
      git init && tdmvc init
      tdmvc init --ci github
    """
    report = init(settings_of(context).directory, ci=ci)
    print_as(context, INIT_FORMATS[output_format], report)

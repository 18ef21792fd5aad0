"""`tdmvc keep`: the process in the background that keeps an environment; `up` and `run --keep` start it."""

import click

from tdmvc.actions.keep import EnvironmentOptions, keep
from tdmvc.cli.environment_options import no_validate_option, rebuild_option, with_option
from tdmvc.cli.output import opened


@click.command(name="keep", hidden=True)
@click.argument("name")
@click.option("--env", "environment", required=True)
@click.option("--announce-to", type=int, required=True)
@with_option
@rebuild_option
@no_validate_option
@click.pass_context
def command(
    context: click.Context,
    name: str,
    environment: str,
    announce_to: int,
    more: tuple[str, ...],
    *,
    rebuild: bool,
    no_validate: bool,
) -> None:
    """Keep an environment until a signal ends this process."""
    with opened(context) as workspace:
        options = EnvironmentOptions(more=more, rebuild=rebuild, validates=not no_validate)
        keep(workspace, environment, name, options, announce_to)

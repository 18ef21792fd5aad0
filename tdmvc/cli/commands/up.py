"""`tdmvc up`."""

import click

from tdmvc.actions.up import UpOptions, up
from tdmvc.cli.environment_options import (
    LiveSteps,
    complete_environment,
    folder_of,
    no_validate_option,
    rebuild_option,
    with_option,
)
from tdmvc.cli.options import settings_of
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.render.environments import UP_FORMATS


@click.command(name="up")
@click.argument("environment", required=False, shell_complete=complete_environment)
@with_option
@click.option(
    "--renew", is_flag=True, help="If it is running and something it is made from has changed, restart it."
)
@rebuild_option
@no_validate_option
@formats_option(UP_FORMATS)
@click.pass_context
def command(
    context: click.Context,
    environment: str | None,
    more: tuple[str, ...],
    output_format: str,
    *,
    renew: bool,
    rebuild: bool,
    no_validate: bool,
) -> None:
    """Start an environment that runs until you stop it.

    Provides the same as `tdmvc run`, in a process of its own in the background, and waits
    until it is ready. If it is already up, says so, and says if datasets or migrations have
    changed since.

    \b
    Examples:
      tdmvc up
      eval "$(tdmvc env show --exports)"
      tdmvc up ci --renew
    """
    settings = settings_of(context)
    live = LiveSteps(settings)
    options = UpOptions(
        folder_of(settings), live.provide(more, rebuild=rebuild, validates=not no_validate), renew
    )
    with opened(context) as workspace:
        report = up(workspace, environment, options)
    print_as(context, UP_FORMATS[output_format], report)

"""`tdmvc env`."""

import click

from tdmvc.actions.env import list_environments, show_environment
from tdmvc.cli.environment_options import complete_environment, folder_of
from tdmvc.cli.options import settings_of
from tdmvc.cli.output import formats_option, opened, print_as
from tdmvc.errors import UsageError
from tdmvc.render.environments import LIST_FORMATS, SHOWN_FORMATS


@click.command(name="env")
@click.argument("what", type=click.Choice(["list", "show"]), default="list")
@click.argument("environment", required=False, shell_complete=complete_environment)
@click.option(
    "--exports",
    is_flag=True,
    help="With show: print lines for a shell that set its variables, with passwords.",
)
@formats_option(LIST_FORMATS)
@click.pass_context
def command(
    context: click.Context, what: str, environment: str | None, output_format: str, *, exports: bool
) -> None:
    """List environments, and show how to use one that runs.

    Passwords are shown only with --exports.

    \b
    Examples:
      tdmvc env
      tdmvc env show local
      eval "$(tdmvc env show local --exports)"
    """
    if what == "list" and (environment or exports):
        raise UsageError(
            "list takes no environment, and has no variables.",
            remedy="write `tdmvc env show NAME --exports`.",
        )
    folder = folder_of(settings_of(context))
    with opened(context) as workspace:
        if what == "list":
            listed = list_environments(workspace)
        else:
            shown = show_environment(workspace, environment, folder=folder, with_exports=exports)
    if what == "list":
        print_as(context, LIST_FORMATS[output_format], listed)
    else:
        print_as(context, SHOWN_FORMATS[output_format], shown)

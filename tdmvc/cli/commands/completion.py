"""`tdmvc completion`."""

import click
from click.shell_completion import get_completion_class

from tdmvc.cli.powershell import PowerShellComplete


@click.command(name="completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish", PowerShellComplete.name]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the shell completion script for SHELL: commands, options, datasets, versions.

    \b
    Examples:
      tdmvc completion bash > ~/.local/share/bash-completion/completions/tdmvc
      tdmvc completion powershell >> $PROFILE
    """
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    root = context.find_root().command
    script = completion(root, {}, "tdmvc", "_TDMVC_COMPLETE").source()
    if shell == "bash":
        # Bash would otherwise split golden@1.0.0 at the @.
        script += "\nCOMP_WORDBREAKS=${COMP_WORDBREAKS//@}\n"
    click.echo(script)

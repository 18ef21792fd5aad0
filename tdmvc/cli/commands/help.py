"""`tdmvc help`."""

import click
from click.shell_completion import CompletionItem

from tdmvc.cli.pager import print_text


def _complete_command(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    root = context.find_root()
    names = root.command.list_commands(root) if isinstance(root.command, click.Group) else []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command(name="help")
@click.argument("names", metavar="[COMMAND]", nargs=-1, shell_complete=_complete_command)
@click.pass_context
def command(context: click.Context, names: tuple[str, ...]) -> None:
    """Show the help of tdmvc, or of one COMMAND, as `tdmvc COMMAND --help` does.

    \b
    Examples:
      tdmvc help
      tdmvc help checkout
      tdmvc help contract diff
    """
    root = context.find_root()
    text = root.get_help()
    if names and isinstance(root.command, click.Group):
        # Further words are those of a whole command line: `help add golden`.
        _, found, _ = root.command.resolve_command(root, [names[0]])
        context_of = click.Context(found, info_name=names[0], parent=root) if found is not None else root
        if isinstance(found, click.Group) and len(names) > 1:
            _, found, _ = found.resolve_command(context_of, [names[1]])
            if found is not None:
                context_of = click.Context(found, info_name=names[1], parent=context_of)
        if found is not None:
            text = found.get_help(context_of)
    print_text(context, text)

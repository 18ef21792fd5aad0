"""`tdmvc contract`: a group of commands."""

import importlib

import click

from tdmvc.cli.options import VERBOSITY_OPTIONS
from tdmvc.cli.suggestions import suggest_in_group

COMMANDS = {
    "show": "Show what a contract demands, rule by rule.",
    "diff": "Compare two contracts: what got stricter, and whom it may break.",
    "import": "Add what a file or a database declares to a contract.",
    "export": "Write a contract in another format.",
    "infer": "Propose rules that all rows of a dataset keep, with their evidence.",
}
"""Every command with its short help, so that the help of the group imports none of them."""


class _ContractGroup(click.Group):
    """Imports a command when it is called, and adds -q and -v to it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"tdmvc.cli.contract.{cmd_name}")
        found: click.Command = module.command
        found.params += [option for option in VERBOSITY_OPTIONS if option not in found.params]
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        suggest_in_group("contract", args, COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for name in COMMANDS)
        with formatter.section("Commands"):
            formatter.write_dl([(name.ljust(width), text) for name, text in COMMANDS.items()])


@click.group(name="contract", cls=_ContractGroup)
def command() -> None:
    """Show, compare and write contracts: what must hold for the rows of a dataset.

    \b
    Examples:
      tdmvc contract show golden
      tdmvc contract diff golden@1.0.0 golden
      tdmvc contract import schema.sql --dataset golden
      tdmvc contract infer golden
    """
